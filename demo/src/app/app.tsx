import { useMemo } from 'preact/hooks'
import { ImportPanel } from '../import/import-panel.tsx'
import { createImportStore } from '../import/import-store.ts'
import { SessionPage } from '../session/session-page.tsx'
import { NewSession } from '../sessions/new-session.tsx'
import { SessionFilters } from '../sessions/session-filters.tsx'
import { SessionList } from '../sessions/session-list.tsx'
import { createSessionListStore } from '../sessions/session-list-store.ts'
import { useDialog } from '../ui/use-dialog.ts'
import { Header, SESSION_PLACE } from './header.tsx'
import type { DemoHoldfast } from './holdfast.ts'
import { NoticeList } from './notice-list.tsx'
import { route } from './route.ts'
import { StoragePanel } from './storage-panel.tsx'
import { StoreBanner } from './store-banner.tsx'
import { Welcome } from './welcome.tsx'

/** The list beside the session; on a narrow page one or the other. */
export function App({ holdfast }: { readonly holdfast: DemoHoldfast }) {
  const sessions = useMemo(() => createSessionListStore(holdfast), [holdfast])
  const imports = useMemo(() => createImportStore(holdfast), [holdfast])
  const dialog = useDialog<'new'>()
  const { session } = route.value
  // The page has one first heading: that of the session, or this one.
  const Heading = session === undefined ? 'h1' : 'h2'
  return (
    <>
      <Header />
      <StoreBanner holdfast={holdfast} />
      <main class="shell">
        <section class="sidebar stack" aria-label="Sessions" data-shown={session === undefined}>
          <Heading class="quiet">Sessions</Heading>
          <button type="button" class="button primary" onClick={() => dialog.show('new')}>
            New session
          </button>
          <ImportPanel store={imports} />
          <SessionFilters store={sessions} />
          <SessionList store={sessions} />
          {sessions.items.value !== null && <StoragePanel holdfast={holdfast} after={sessions.items.value} />}
        </section>
        <section
          id={SESSION_PLACE}
          class="main"
          aria-label="Session"
          tabIndex={-1}
          data-shown={session !== undefined}
        >
          {session === undefined ? (
            <Welcome />
          ) : (
            <SessionPage key={session} holdfast={holdfast} id={session} route={route.value} />
          )}
        </section>
      </main>
      {dialog.open === 'new' && <NewSession holdfast={holdfast} onClose={dialog.close} />}
      <NoticeList />
    </>
  )
}
