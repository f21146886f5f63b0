import { allowedVerbs, type SessionRecord } from 'holdfast'
import type { DemoSession } from '../app/holdfast.ts'
import { attempt } from '../app/notices.ts'
import { goTo } from '../app/route.ts'
import { Ask } from '../ui/ask.tsx'
import { useDialog } from '../ui/use-dialog.ts'
import { DeleteSession } from './delete-session.tsx'

interface Props {
  readonly session: DemoSession
  readonly info: SessionRecord
}

/** A button for everything that can happen to a session; those that its status does not allow are off. */
export function Lifecycle({ session, info }: Props) {
  const dialog = useDialog<'fail' | 'reopen' | 'save' | 'fork' | 'delete'>()
  const allowed = new Set<string>(allowedVerbs(info.status))

  const verb = (name: 'suspend' | 'resume' | 'complete' | 'archive' | 'unarchive', label: string) => (
    <button
      type="button"
      class="button small"
      disabled={!allowed.has(name)}
      onClick={() => attempt(() => session[name]())}
    >
      {label}
    </button>
  )

  return (
    <section class="row lifecycle" aria-label="Lifecycle">
      {verb('suspend', 'Suspend')}
      {verb('resume', 'Resume')}
      {verb('complete', 'Complete')}
      <button
        type="button"
        class="button small"
        disabled={!allowed.has('fail')}
        onClick={() => dialog.show('fail')}
      >
        Fail…
      </button>
      <button
        type="button"
        class="button small"
        disabled={!allowed.has('reopen')}
        onClick={() => dialog.show('reopen')}
      >
        Reopen…
      </button>
      {verb('archive', 'Archive')}
      {verb('unarchive', 'Unarchive')}
      <button
        type="button"
        class="button small"
        disabled={info.status === 'archived'}
        onClick={() => dialog.show('save')}
      >
        Save…
      </button>
      <button type="button" class="button small" onClick={() => dialog.show('fork')}>
        Fork…
      </button>
      <button type="button" class="button small danger" onClick={() => dialog.show('delete')}>
        Delete…
      </button>

      {dialog.open === 'fail' && (
        <Ask
          title="Mark the session as failed"
          label="What went wrong"
          action="Fail"
          onAnswer={(reason) => attempt(() => session.fail(reason))}
          onClose={dialog.close}
        />
      )}
      {dialog.open === 'reopen' && (
        <Ask
          title="Reopen the session"
          label="Why it goes on"
          action="Reopen"
          onAnswer={(reason) => attempt(() => session.reopen(reason))}
          onClose={dialog.close}
        />
      )}
      {dialog.open === 'save' && (
        <Ask
          title="Save a checkpoint"
          label="Label (optional)"
          action="Save"
          optional
          onAnswer={(label) => attempt(() => session.save(label ? { label } : {}), 'Saved a checkpoint.')}
          onClose={dialog.close}
        />
      )}
      {dialog.open === 'fork' && (
        <Ask
          title="Fork the session as it is now"
          label="Name of the new session"
          action="Fork"
          initial={`${info.name} (fork)`}
          onAnswer={(name) => attempt(async () => goTo({ session: (await session.fork({ name })).id }))}
          onClose={dialog.close}
        />
      )}
      {dialog.open === 'delete' && <DeleteSession session={session} info={info} onClose={dialog.close} />}
    </section>
  )
}
