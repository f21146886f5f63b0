import { useState } from 'preact/hooks'
import { makeSampleTranscript, SAMPLE_NAME } from '../sample/transcript.ts'
import { DropZone } from '../ui/drop-zone.tsx'
import { ImportDialog } from './import-dialog.tsx'
import { ImportProgress } from './import-progress.tsx'
import type { ImportStore } from './import-store.ts'

/** Takes a transcript by choice or by drop, or the sample. */
export function ImportPanel({ store }: { readonly store: ImportStore }) {
  const [file, setFile] = useState<File | null>(null)
  const importing = store.importing.value
  return (
    <section class="stack" aria-label="Import">
      <DropZone
        label="Import a transcript"
        hint="or drop a file here"
        accept=".jsonl,.json,.ndjson,application/json"
        disabled={importing !== null}
        onFiles={([chosen]) => setFile(chosen ?? null)}
      >
        <button
          type="button"
          class="button small"
          disabled={importing !== null}
          onClick={() =>
            store.run(makeSampleTranscript(), SAMPLE_NAME, { format: 'pi-session', tags: ['sample'] })
          }
        >
          Try the sample
        </button>
      </DropZone>
      {importing !== null && <ImportProgress importing={importing} onCancel={store.cancel} />}
      {file !== null && <ImportDialog store={store} file={file} onClose={() => setFile(null)} />}
    </section>
  )
}
