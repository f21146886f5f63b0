import type { ComponentChild } from 'preact'
import { useId } from 'preact/hooks'

interface Props {
  readonly label: string
  /** Draws the control, which carries the id. */
  readonly children: (id: string) => ComponentChild
}

/** A control with its label above it. */
export function Field({ label, children }: Props) {
  const id = useId()
  return (
    <div class="field">
      <label class="label" for={id}>
        {label}
      </label>
      {children(id)}
    </div>
  )
}
