/** The frames of y-protocols as the page sends and reads them: a kind, then a message of the sync protocol or awareness. */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import * as sync from 'y-protocols/sync'
import type { Doc } from 'yjs'

export type Frame =
  | { readonly kind: 'ask'; readonly stateVector: Uint8Array }
  /** All that was asked for. */
  | { readonly kind: 'answer'; readonly update: Uint8Array }
  | { readonly kind: 'update'; readonly update: Uint8Array }
  | { readonly kind: 'awareness'; readonly update: Uint8Array }

/** The numbers that Yjs providers agree on. */
const SYNC = 0
const AWARENESS = 1

/** The worker is of this build, so its frames are what they should be. */
export function readFrame(bytes: Uint8Array): Frame {
  const decoder = decoding.createDecoder(bytes)
  const kind = decoding.readVarUint(decoder)
  if (kind === AWARENESS) return { kind: 'awareness', update: decoding.readVarUint8Array(decoder) }
  const message = decoding.readVarUint(decoder)
  const content = decoding.readVarUint8Array(decoder)
  if (message === sync.messageYjsSyncStep1) return { kind: 'ask', stateVector: content }
  return { kind: message === sync.messageYjsSyncStep2 ? 'answer' : 'update', update: content }
}

export function askFrame(doc: Doc): Uint8Array {
  return frameOf(SYNC, (encoder) => sync.writeSyncStep1(encoder, doc))
}

export function answerFrame(doc: Doc, stateVector: Uint8Array): Uint8Array {
  return frameOf(SYNC, (encoder) => sync.writeSyncStep2(encoder, doc, stateVector))
}

export function updateFrame(update: Uint8Array): Uint8Array {
  return frameOf(SYNC, (encoder) => sync.writeUpdate(encoder, update))
}

export function awarenessFrame(update: Uint8Array): Uint8Array {
  return frameOf(AWARENESS, (encoder) => encoding.writeVarUint8Array(encoder, update))
}

/** In memory of its own, so that it can be handed over. */
function frameOf(kind: number, write: (encoder: encoding.Encoder) => void): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, kind)
    write(encoder)
  })
}
