import { Dialog } from './dialog.tsx'
import { Field } from './field.tsx'

interface Props {
  readonly title: string
  readonly label: string
  readonly action: string
  readonly initial?: string
  /** Whether an empty answer will do. @defaultValue false */
  readonly optional?: boolean
  readonly onAnswer: (answer: string) => Promise<boolean>
  readonly onClose: () => void
}

/** Asks for one line of text. */
export function Ask({ title, label, action, initial = '', optional = false, onAnswer, onClose }: Props) {
  return (
    <Dialog
      title={title}
      action={action}
      onClose={onClose}
      onSubmit={(data) => onAnswer(String(data.get('answer') ?? '').trim())}
    >
      <Field label={label}>
        {(id) => (
          <input
            id={id}
            class="input"
            name="answer"
            defaultValue={initial}
            required={!optional}
            autocomplete="off"
          />
        )}
      </Field>
    </Dialog>
  )
}
