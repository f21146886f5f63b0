import type { DemoHoldfast } from '../app/holdfast.ts'
import { attempt } from '../app/notices.ts'
import { goTo } from '../app/route.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { parseTags } from '../ui/tags.tsx'

interface Props {
  readonly holdfast: DemoHoldfast
  readonly onClose: () => void
}

export function NewSession({ holdfast, onClose }: Props) {
  async function create(data: FormData): Promise<boolean> {
    return attempt(async () => {
      const session = await holdfast.sessions.create({
        name: textOf(data, 'name'),
        description: textOf(data, 'description'),
        tags: parseTags(textOf(data, 'tags')),
      })
      goTo({ session: session.id })
    })
  }

  return (
    <Dialog title="New session" action="Start" onClose={onClose} onSubmit={create}>
      <Field label="Name">
        {(id) => <input id={id} class="input" name="name" required autocomplete="off" />}
      </Field>
      <Field label="Description (optional)">
        {(id) => <input id={id} class="input" name="description" autocomplete="off" />}
      </Field>
      <Field label="Tags, with commas between them (optional)">
        {(id) => <input id={id} class="input" name="tags" autocomplete="off" />}
      </Field>
    </Dialog>
  )
}

function textOf(data: FormData, name: string): string {
  return String(data.get(name) ?? '').trim()
}
