import { createError, isHoldfastError } from '../core/errors.ts'
import type { SendToPage } from '../protocol/engine-host.ts'
import type { Hello } from '../protocol/hello.ts'
import type { DocumentState, PageMessage } from '../protocol/messages.ts'
import { toWireError } from '../protocol/wire-error.ts'
import type { OpenDocument, OpenDocuments } from './open-documents.ts'

type Message<Type extends PageMessage['type']> = Extract<PageMessage, { type: Type }>

/** The app documents that one page has open, by the numbers it gave them. */
export interface PageDocuments {
  open(message: Message<'openDocument'>): void
  receive(message: Message<'documentFrame'>): void
  close(message: Message<'closeDocument'>): void
  closeAll(): void
}

export function createPageDocuments(
  documents: Pick<OpenDocuments, 'enter'>,
  hello: Pick<Hello, 'client' | 'actor'>,
  send: SendToPage,
): PageDocuments {
  const open = new Map<number, OpenDocument>()
  const by = { client: hello.client, ...(hello.actor === undefined ? {} : { actor: hello.actor }) }

  function leave(document: number): void {
    open.get(document)?.leave()
    open.delete(document)
  }

  return {
    open({ document, sessionId, name, clientId }) {
      leave(document)
      try {
        const entered = documents.enter(sessionId, name, {
          clientId,
          by,
          send: (frame) => send({ type: 'documentFrame', document, frame }, [frame.buffer]),
          tell: (state) => send({ type: 'documentState', document, state }),
        })
        open.set(document, entered)
      } catch (error) {
        send({ type: 'documentState', document, state: overBy(error) })
      }
    },
    receive: ({ document, frame }) => open.get(document)?.receive(frame),
    close: ({ document }) => leave(document),
    closeAll() {
      for (const document of [...open.keys()]) leave(document)
    },
  }
}

/** What a page hears of a document that cannot be opened. */
export function overBy(error: unknown): DocumentState {
  const reason = isHoldfastError(error)
    ? error
    : createError('INTERNAL', 'A document could not be opened; please report it.', {}, error)
  return { stored: 0, readOnly: true, error: toWireError(reason), isOver: true }
}
