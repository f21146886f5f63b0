import { useState } from 'preact/hooks'

/** Which of a component's dialogs is open, if any. */
export function useDialog<Name extends string>() {
  const [open, setOpen] = useState<Name | null>(null)
  return { open, show: (name: Name) => setOpen(name), close: () => setOpen(null) }
}
