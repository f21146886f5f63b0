import { formatBytes } from '../ui/format.ts'
import type { Importing } from './import-store.ts'

interface Props {
  readonly importing: Importing
  readonly onCancel: () => void
}

export function ImportProgress({ importing: { name, loaded, total }, onCancel }: Props) {
  return (
    <fieldset class="stack" aria-label="Import under way">
      <progress
        class="progress"
        aria-label={`Importing ${name}`}
        {...(total === null ? {} : { max: total, value: loaded })}
      />
      <div class="row spread">
        <span class="muted small">
          {name}: {formatBytes(loaded)}
          {total !== null && ` of ${formatBytes(total)}`}
        </span>
        <button type="button" class="button" onClick={onCancel}>
          Stop
        </button>
      </div>
    </fieldset>
  )
}
