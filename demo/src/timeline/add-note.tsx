import type { DemoSession } from '../app/holdfast.ts'
import { attempt } from '../app/notices.ts'
import { Field } from '../ui/field.tsx'

interface Props {
  readonly session: DemoSession
  readonly disabled: boolean
}

/** Records an event of the demo's own, as an app does. */
export function AddNote({ session, disabled }: Props) {
  async function record(form: HTMLFormElement): Promise<void> {
    const text = String(new FormData(form).get('note')).trim()
    if (text && (await attempt(() => session.emit('note.added', { text })))) form.reset()
  }

  return (
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault()
        void record(event.currentTarget)
      }}
    >
      <Field label="Note">
        {(id) => (
          <input
            id={id}
            class="input"
            name="note"
            placeholder="What to remember"
            disabled={disabled}
            autocomplete="off"
          />
        )}
      </Field>
      <button type="submit" class="button" disabled={disabled}>
        Add note
      </button>
    </form>
  )
}
