import type { DemoHoldfast } from '../app/holdfast.ts'
import { attempt } from '../app/notices.ts'
import { goTo } from '../app/route.ts'
import { Dialog } from '../ui/dialog.tsx'
import { readSessionFields, SessionFields } from './session-fields.tsx'

interface Props {
  readonly holdfast: DemoHoldfast
  readonly onClose: () => void
}

export function NewSession({ holdfast, onClose }: Props) {
  return (
    <Dialog
      title="New session"
      action="Start"
      onClose={onClose}
      onSubmit={(data) =>
        attempt(async () => goTo({ session: (await holdfast.sessions.create(readSessionFields(data))).id }))
      }
    >
      <SessionFields />
    </Dialog>
  )
}
