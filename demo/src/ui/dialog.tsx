import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

interface Props {
  readonly title: string
  /** The word on the button that does it. */
  readonly action: string
  readonly danger?: boolean
  readonly onClose: () => void
  /** Answers whether the dialog may close. */
  readonly onSubmit: (data: FormData) => Promise<boolean> | boolean
  readonly children?: ComponentChildren
}

/** Asks for something before it is done. Escape and Cancel leave everything as it was. */
export function Dialog({ title, action, danger = false, onClose, onSubmit, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    if (!(event.currentTarget instanceof HTMLFormElement)) return
    if (await onSubmit(new FormData(event.currentTarget))) dialog.current?.close()
  }

  return (
    <dialog ref={dialog} class="dialog" aria-label={title} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <h2>{title}</h2>
        {children}
        <div class="row">
          <button type="submit" class={`button ${danger ? 'danger' : 'primary'}`}>
            {action}
          </button>
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  )
}
