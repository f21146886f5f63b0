/** The frames of y-protocols that cross between a page and its worker: a kind, then a message of the sync protocol or awareness. */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import * as sync from 'y-protocols/sync'
import type * as Y from 'yjs'
import { createError } from '../core/errors.ts'

/** What a page sends of an app document. */
export type DocumentFrame =
  | { readonly kind: 'ask'; readonly stateVector: Uint8Array }
  | { readonly kind: 'edit'; readonly update: Uint8Array }
  | { readonly kind: 'awareness'; readonly update: Uint8Array }

/** The numbers that Yjs providers agree on. */
const SYNC = 0
const AWARENESS = 1

/** @throws INVALID_VALUE for what is no frame, or has something behind it */
export function readFrame(bytes: Uint8Array): DocumentFrame {
  try {
    const decoder = decoding.createDecoder(bytes)
    const frame = read(decoder)
    if (decoding.hasContent(decoder)) throw new Error('It does not end where its content does.')
    return frame
  } catch (cause) {
    throw createError('INVALID_VALUE', 'A frame of a document cannot be read.', { path: 'frame' }, cause)
  }
}

/** Asks for what the document lacks. */
export function askFrame(doc: Y.Doc): Uint8Array {
  return syncFrame((encoder) => sync.writeSyncStep1(encoder, doc))
}

/** All that a document has and the asking one has not. */
export function answerFrame(doc: Y.Doc, stateVector: Uint8Array): Uint8Array {
  return syncFrame((encoder) => sync.writeSyncStep2(encoder, doc, stateVector))
}

export function updateFrame(update: Uint8Array): Uint8Array {
  return syncFrame((encoder) => sync.writeUpdate(encoder, update))
}

export function awarenessFrame(update: Uint8Array): Uint8Array {
  return frameOf(AWARENESS, (encoder) => encoding.writeVarUint8Array(encoder, update))
}

function read(decoder: decoding.Decoder): DocumentFrame {
  const kind = decoding.readVarUint(decoder)
  if (kind === AWARENESS) return { kind: 'awareness', update: decoding.readVarUint8Array(decoder) }
  if (kind !== SYNC) throw new Error(`There is no kind ${kind}.`)
  const message = decoding.readVarUint(decoder)
  const content = decoding.readVarUint8Array(decoder)
  if (message === sync.messageYjsSyncStep1) return { kind: 'ask', stateVector: content }
  if (message === sync.messageYjsSyncStep2 || message === sync.messageYjsUpdate)
    return { kind: 'edit', update: content }
  throw new Error(`There is no sync message ${message}.`)
}

function syncFrame(write: (encoder: encoding.Encoder) => void): Uint8Array {
  return frameOf(SYNC, write)
}

/** In memory of its own, so that it can be handed over. */
function frameOf(kind: number, write: (encoder: encoding.Encoder) => void): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, kind)
    write(encoder)
  })
}
