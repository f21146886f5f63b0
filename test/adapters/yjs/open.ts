/** Live documents in pages with databases and workers of their own. */
import { onTestFinished } from 'vitest'
import type { DocumentState, LiveDocument } from '../../../src/adapters/yjs/live-document.ts'
import { type DocumentOptions, openDocument } from '../../../src/adapters/yjs/open-document.ts'
import type { Session } from '../../../src/client/session-handle.ts'

/** Opens a document that is there when this resolves; closed after the test, whatever it holds. */
export async function openSynced(
  session: Session,
  name = 'notes',
  options?: DocumentOptions,
): Promise<LiveDocument> {
  const document = await openDocument(session, name, options)
  onTestFinished(() => document.close().catch(() => {}))
  await document.synced
  return document
}

export function textOf({ doc }: Pick<LiveDocument, 'doc'>): string {
  return doc.getText('body').toString()
}

/** Inserts at the end. */
export function type({ doc }: Pick<LiveDocument, 'doc'>, text: string): void {
  const body = doc.getText('body')
  body.insert(body.length, text)
}

/** Resolves when the document stands as wanted. */
export function standing(
  document: LiveDocument,
  wanted: (state: DocumentState) => boolean,
): Promise<DocumentState> {
  return new Promise((resolve) => {
    const look = (state: DocumentState) => {
      if (!wanted(state)) return
      stop()
      resolve(state)
    }
    const stop = document.subscribe(look)
    look(document.state)
  })
}

/** Resolves when the text is as wanted. */
export function reading(document: LiveDocument, wanted: string): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (textOf(document) !== wanted) return
      document.doc.off('update', look)
      resolve()
    }
    document.doc.on('update', look)
    look()
  })
}
