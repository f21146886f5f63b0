import { allowedVerbs, isPermitted, type SessionRecord } from 'holdfast'
import type { DemoSession } from '../app/holdfast.ts'
import { attempt } from '../app/notices.ts'
import { goTo } from '../app/route.ts'
import { Ask } from '../ui/ask.tsx'
import { useDialog } from '../ui/use-dialog.ts'
import { DeleteSession } from './delete-session.tsx'
import { EditSession } from './edit-session.tsx'
import { VerbButton } from './verb-button.tsx'

interface Props {
  readonly session: DemoSession
  readonly info: SessionRecord
}

/** A button for everything that can happen to a session; those that its status does not allow are off. */
export function Lifecycle({ session, info }: Props) {
  const dialog = useDialog<'edit' | 'fail' | 'reopen' | 'save' | 'fork' | 'delete'>()
  const allowed = new Set(allowedVerbs(info.status))

  const run = (name: 'suspend' | 'resume' | 'complete' | 'archive' | 'unarchive') => () =>
    void attempt(() => session[name]())

  return (
    <section class="row lifecycle" aria-label="Lifecycle">
      <VerbButton label="Suspend" on={allowed.has('suspend')} onPress={run('suspend')} />
      <VerbButton label="Resume" on={allowed.has('resume')} onPress={run('resume')} />
      <VerbButton label="Complete" on={allowed.has('complete')} onPress={run('complete')} />
      <VerbButton label="Fail…" on={allowed.has('fail')} onPress={() => dialog.show('fail')} />
      <VerbButton label="Reopen…" on={allowed.has('reopen')} onPress={() => dialog.show('reopen')} />
      <VerbButton label="Archive" on={allowed.has('archive')} onPress={run('archive')} />
      <VerbButton label="Unarchive" on={allowed.has('unarchive')} onPress={run('unarchive')} />
      <VerbButton label="Edit…" on={isPermitted(info.status, 'edit')} onPress={() => dialog.show('edit')} />
      <VerbButton label="Save…" on={isPermitted(info.status, 'save')} onPress={() => dialog.show('save')} />
      <VerbButton label="Fork…" on={isPermitted(info.status, 'fork')} onPress={() => dialog.show('fork')} />
      <VerbButton
        label="Delete…"
        danger
        on={isPermitted(info.status, 'delete')}
        onPress={() => dialog.show('delete')}
      />

      {dialog.open === 'edit' && <EditSession session={session} info={info} onClose={dialog.close} />}
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
