import { useEffect, useState } from 'preact/hooks'
import { complain } from '../app/notices.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { formatBytes } from '../ui/format.ts'
import { detectFormat, type Format } from './detect-format.ts'
import type { ImportStore } from './import-store.ts'

interface Props {
  readonly store: ImportStore
  readonly file: File
  readonly onClose: () => void
}

const FORMATS: readonly (readonly [format: Format, name: string])[] = [
  ['pi-session', 'Session of the pi coding agent'],
  ['openai-messages', 'Messages as the OpenAI API has them'],
]

export function ImportDialog({ store, file, onClose }: Props) {
  const [format, setFormat] = useState<Format>('pi-session')
  useEffect(() => {
    detectFormat(file).then(setFormat, complain)
  }, [file])

  function start(data: FormData): boolean {
    const onBadLine = data.get('onBadLine') === 'skip' ? 'skip' : 'stop'
    const name = String(data.get('name')).trim()
    void store.run(file, name, { format, onBadLine })
    return true
  }

  return (
    <Dialog title={`Import ${file.name}`} action="Import" onClose={onClose} onSubmit={start}>
      <p class="muted">{formatBytes(file.size)}. It becomes a session; the file stays as it is.</p>
      <Field label="Name of the session">
        {(id) => (
          <input id={id} class="input" name="name" required defaultValue={file.name.replace(/\.\w+$/, '')} />
        )}
      </Field>
      <Field label="Format">
        {(id) => (
          <select
            id={id}
            class="input"
            value={format}
            onChange={({ currentTarget }) =>
              setFormat(FORMATS.find(([known]) => known === currentTarget.value)?.[0] ?? format)
            }
          >
            {FORMATS.map(([known, name]) => (
              <option key={known} value={known}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="A line that cannot be read">
        {(id) => (
          <select id={id} class="input" name="onBadLine">
            <option value="stop">stops the import</option>
            <option value="skip">is left out</option>
          </select>
        )}
      </Field>
    </Dialog>
  )
}
