import type { DemoSession } from '../app/holdfast.ts'
import { attempt } from '../app/notices.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { printJson } from '../ui/json.tsx'
import type { StateEntry } from './state-store.ts'

interface Props {
  readonly session: DemoSession
  /** The entry to change; null for a new one. */
  readonly entry: StateEntry | null
  readonly onClose: () => void
}

export function EditValue({ session, entry, onClose }: Props) {
  const [key, value] = entry ?? []
  return (
    <Dialog
      title={entry === null ? 'Add a key' : `Edit ${key}`}
      action="Store"
      onClose={onClose}
      onSubmit={(data) =>
        attempt(() =>
          session.state.set(key ?? String(data.get('key')).trim(), parseValue(String(data.get('value')))),
        )
      }
    >
      {entry === null && (
        <Field label="Key">{(id) => <input id={id} class="input mono" name="key" required />}</Field>
      )}
      <Field label="Value: JSON, or a text as it is">
        {(id) => (
          <textarea
            id={id}
            class="input mono"
            name="value"
            spellcheck={false}
            defaultValue={value === undefined ? '' : printJson(value)}
          />
        )}
      </Field>
    </Dialog>
  )
}

/** What reads as JSON is JSON, everything else a text. */
function parseValue(text: string) {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
