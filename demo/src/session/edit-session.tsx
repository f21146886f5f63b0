import type { SessionRecord } from 'holdfast'
import type { DemoSession } from '../app/holdfast.ts'
import { attempt } from '../app/notices.ts'
import { readSessionFields, SessionFields } from '../sessions/session-fields.tsx'
import { Dialog } from '../ui/dialog.tsx'

interface Props {
  readonly session: DemoSession
  readonly info: SessionRecord
  readonly onClose: () => void
}

export function EditSession({ session, info, onClose }: Props) {
  return (
    <Dialog
      title="Edit the session"
      action="Store"
      onClose={onClose}
      onSubmit={(data) => attempt(() => session.edit(readSessionFields(data)))}
    >
      <SessionFields initial={info} />
    </Dialog>
  )
}
