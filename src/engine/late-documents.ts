import { createError } from '../core/errors.ts'
import { late } from '../core/late.ts'
import type { OpenDocument, OpenDocuments, OpenDocumentsDeps } from './open-documents.ts'
import { overBy } from './page-documents.ts'

const module = late('documents for editors', () => import('./open-documents.ts'))

/**
 * Open documents whose code is loaded when the first one is opened. What a page sends meanwhile is kept for it; where the
 * code cannot be loaded, the page is told that the document is over, and may open it anew.
 */
export function createLateDocuments(deps: OpenDocumentsDeps): OpenDocuments {
  let made: OpenDocuments | undefined
  let isClosed = false
  const entering = new Set<Promise<void>>()

  async function load(): Promise<OpenDocuments> {
    const { createOpenDocuments } = await module()
    if (isClosed) throw createError('CLOSED', 'The database was closed; open it again.')
    made ??= createOpenDocuments(deps)
    return made
  }

  function enterLate(...args: Parameters<OpenDocuments['enter']>): OpenDocument {
    const [, , peer] = args
    const early: Uint8Array[] = []
    let entered: OpenDocument | undefined
    let hasLeft = false
    const enter = async () => {
      try {
        const documents = await load()
        if (hasLeft) return
        entered = documents.enter(...args)
        for (const frame of early.splice(0)) entered.receive(frame)
      } catch (error) {
        if (!hasLeft) peer.tell(overBy(error))
      }
    }
    const going = enter().finally(() => entering.delete(going))
    entering.add(going)
    return {
      receive(frame) {
        if (entered === undefined) early.push(frame)
        else entered.receive(frame)
      },
      leave() {
        hasLeft = true
        // Nobody waits any more for code that may never come.
        entering.delete(going)
        entered?.leave()
      },
    }
  }

  return {
    enter: (...args) => made?.enter(...args) ?? enterLate(...args),
    take: (change) => made?.take(change),
    takeForeign: (stream) => made?.takeForeign(stream),
    gone: (session) => made?.gone(session),
    async flush() {
      await Promise.all(entering)
      await made?.flush()
    },
    close() {
      isClosed = true
      made?.close()
    },
  }
}
