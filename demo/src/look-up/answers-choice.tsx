import { attempt } from '../app/notices.ts'
import { DropZone } from '../ui/drop-zone.tsx'
import { formatNumberOf } from '../ui/format.ts'
import { type Answers, readAnswers } from './answers.ts'

interface Props {
  readonly answers: Answers | null
  readonly disabled: boolean
  readonly onChange: (answers: Answers | null) => void
}

/** Takes the file that a transcript's tools answer from. */
export function AnswersChoice({ answers, disabled, onChange }: Props) {
  return (
    <div class="stack">
      <DropZone
        label="Answers from a transcript…"
        hint="Replay runs the tools again; for a transcript they answer from its file."
        accept=".jsonl,.json,.ndjson,application/json"
        disabled={disabled}
        onFiles={([file]) => {
          if (file !== undefined) void attempt(async () => onChange(await readAnswers(file)))
        }}
      />
      {answers !== null && (
        <div class="row">
          <span class="small" role="status">
            {formatNumberOf(answers.byKey.size, 'answer')} from {answers.name}
          </span>
          <button type="button" class="button plain small" disabled={disabled} onClick={() => onChange(null)}>
            Forget them
          </button>
        </div>
      )}
    </div>
  )
}
