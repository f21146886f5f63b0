/**
 * The first update of every managed document, the same bytes everywhere: two devices that create the same document
 * apart from each other create it once, because their first structs have the same ids and the same content.
 */
import * as Y from 'yjs'

/** Version of what the maps of a managed document hold. */
const DOCUMENT_FORMAT = 1

/** The one writer of the genesis update. Live writers never draw it. */
export const GENESIS_CLIENT = 1

let bytes: Uint8Array | undefined

/** The one writer of what a later generation of a document begins with. */
export const RENEWAL_CLIENT = 2

/** The genesis update, as v1 bytes. */
export function genesisUpdate(): Uint8Array {
  bytes ??= makeGenesis()
  return bytes
}

/** A random client id for a writer: 32 bits, never one of those that are the same everywhere. */
export function randomClientId(): number {
  const { clientID } = new Y.Doc()
  return clientID > RENEWAL_CLIENT ? clientID : randomClientId()
}

function makeGenesis(): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = GENESIS_CLIENT
  doc.getMap('holdfast:document').set('format', DOCUMENT_FORMAT)
  return Y.encodeStateAsUpdate(doc)
}
