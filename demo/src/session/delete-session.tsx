import type { SessionRecord } from 'holdfast'
import type { DemoSession } from '../app/holdfast.ts'
import { attempt } from '../app/notices.ts'
import { goTo } from '../app/route.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'

interface Props {
  readonly session: DemoSession
  readonly info: SessionRecord
  readonly onClose: () => void
}

export function DeleteSession({ session, info, onClose }: Props) {
  async function remove(data: FormData): Promise<boolean> {
    const choice = data.get('children')
    const children = choice === 'orphan' || choice === 'cascade' ? choice : 'refuse'
    const done = await attempt(() => session.delete({ children }), `Deleted “${info.name}”.`)
    if (done) goTo({})
    return done
  }

  return (
    <Dialog title={`Delete “${info.name}”?`} action="Delete" danger onClose={onClose} onSubmit={remove}>
      <p>Its timeline, artifacts, state and checkpoints go with it. This cannot be undone.</p>
      <Field label="Sessions that were started from it">
        {(id) => (
          <select id={id} class="input" name="children">
            <option value="refuse">Do not delete while there are any</option>
            <option value="orphan">Keep them</option>
            <option value="cascade">Delete them as well</option>
          </select>
        )}
      </Field>
    </Dialog>
  )
}
