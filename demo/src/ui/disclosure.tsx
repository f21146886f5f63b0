import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'

interface Props {
  readonly class: string
  readonly summary: ComponentChildren
  /** Drawn once it is open: a list of thousands has thousands of them. */
  readonly children: () => ComponentChildren
}

export function Disclosure({ class: name, summary, children }: Props) {
  const [open, setOpen] = useState(false)
  return (
    <details class={name} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{summary}</summary>
      {open && children()}
    </details>
  )
}
