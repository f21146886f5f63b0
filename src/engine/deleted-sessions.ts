import type { LiveDocuments } from '../context/documents.ts'
import { type SessionId, STORE_STREAM, sessionStream } from '../core/ids.ts'
import type { OpenDocuments } from './open-documents.ts'
import type { Page } from './page.ts'
import type { StreamChange } from './stream-change.ts'
import type { StreamViews } from './stream-views.ts'

/** Lets go of the sessions whose deletion these rows tell, whichever tab deleted them, and says so to the pages. */
export function forgetDeleted(
  change: StreamChange,
  {
    openDocuments,
    documents,
    views,
    pages,
  }: {
    readonly openDocuments: Pick<OpenDocuments, 'gone'>
    readonly documents: Pick<LiveDocuments, 'drop'>
    readonly views: Pick<StreamViews, 'forget'>
    readonly pages: () => readonly Pick<Page, 'gone' | 'note'>[]
  },
): void {
  for (const id of deletedIn(change)) {
    const stream = sessionStream(id)
    openDocuments.gone(id)
    documents.drop(stream)
    views.forget(stream)
    for (const page of pages()) {
      page.gone(stream, change.source)
      page.note(stream)
    }
  }
}

/** It stands in the store's own stream. */
function deletedIn({ stream, rows }: StreamChange): readonly SessionId[] {
  if (stream !== STORE_STREAM) return []
  return rows
    .flatMap((row) => row.events)
    .filter(({ type }) => type === 'session.deleted')
    .map(({ data }) => (data as { readonly id: SessionId }).id)
}
