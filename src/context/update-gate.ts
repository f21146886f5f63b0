/**
 * The gate for updates from outside: other devices, pages, imported files. Yjs applies what it can and throws halfway
 * at the rest, hangs on some v2 updates, and takes clocks that shut another writer out for ever. So an update is
 * parsed as v1 and looked at before any document sees it.
 */
import * as Y from 'yjs'
import { createError, type HoldfastError } from '../core/errors.ts'
import { depthOfValue, TypeDepth } from './update-depth.ts'
import { forkedClient } from './update-fork.ts'
import { readUpdate, refusedUpdate, type UpdateContent } from './update-reader.ts'

/** What an update from outside may hold at most. */
export interface UpdateLimits {
  /** Encoded size, in bytes. */
  readonly bytes: number
  /** Client ids that have structs in it. */
  readonly clients: number
  readonly structs: number
  /** Clocks that one struct or one deletion covers: more would shut out its client's later edits. */
  readonly structLength: number
  readonly deletions: number
  /** Types or values inside each other: readers go down by recursion. */
  readonly depth: number
  /** Bytes a document may keep of updates that wait for others; each merge with them costs their whole length. */
  readonly waitingBytes: number
}

export const UPDATE_LIMITS: UpdateLimits = {
  bytes: 8 * 1024 * 1024,
  clients: 10_000,
  structs: 500_000,
  structLength: 2 ** 24,
  deletions: 500_000,
  depth: 64,
  waitingBytes: 256 * 1024,
}

/** Of what is stored already: an adopted document is as large as its app let it grow. */
export const STORED_LIMITS: UpdateLimits = {
  ...UPDATE_LIMITS,
  bytes: Number.POSITIVE_INFINITY,
  clients: Number.POSITIVE_INFINITY,
  structs: Number.POSITIVE_INFINITY,
  structLength: 2 ** 40,
  deletions: Number.POSITIVE_INFINITY,
  waitingBytes: Number.POSITIVE_INFINITY,
}

export interface GateOptions {
  /** The document it is meant for. Without one, it is judged as the first update of an empty document. */
  readonly doc?: Y.Doc
  /** Client ids that live writers here use: nobody else may add to their clocks. */
  readonly inUse?: ReadonlySet<number>
  readonly limits?: Partial<UpdateLimits>
}

/**
 * Checks an update from outside; changes nothing.
 * @param update v1 bytes
 * @throws VALUE_TOO_LARGE above {@link UPDATE_LIMITS.bytes}, or when too much would wait for other updates
 * @throws INVALID_VALUE when it cannot be read, or holds what no honest writer makes; details.reason says what
 * @throws DOCUMENT_FORKED when it says something else of what the document has: a client id was used twice
 */
export function checkUpdate(
  update: Uint8Array,
  { doc = new Y.Doc(), inUse = NO_CLIENTS, limits = {} }: GateOptions = {},
): void {
  const most = { ...UPDATE_LIMITS, ...limits }
  if (update.length > most.bytes)
    throw tooLarge(`it has ${update.length} bytes where ${most.bytes} are the limit`)
  const content = readUpdate(update, most)
  checkCounts(content, most)
  checkFork(content, doc)
  checkClocks(content, doc, inUse)
  checkReferences(content)
  checkDepth(content, doc, most.depth)
  if (!isWaiting(content, doc)) return
  const waitingBytes = (doc.store.pendingStructs?.update.length ?? 0) + (doc.store.pendingDs?.length ?? 0)
  if (waitingBytes + update.length > most.waitingBytes) {
    throw tooLarge(`${waitingBytes} bytes wait for updates that never came, and this one would wait as well`)
  }
}

/**
 * Checks an update from outside and applies it.
 * @throws what {@link checkUpdate} throws; the document is then as it was
 * @throws CONTENT_DAMAGED when it failed halfway: the document must be loaded again from what is stored
 */
export function applyFromOutside(
  doc: Y.Doc,
  update: Uint8Array,
  options: Omit<GateOptions, 'doc'> = {},
): void {
  checkUpdate(update, { ...options, doc })
  try {
    Y.applyUpdate(doc, update)
  } catch (error) {
    throw createError(
      'CONTENT_DAMAGED',
      'An update failed halfway; load its document again from what is stored.',
      {},
      error,
    )
  }
}

const NO_CLIENTS: ReadonlySet<number> = new Set()

function checkCounts({ structs, deletions }: UpdateContent, most: UpdateLimits): void {
  const clients = new Set(structs.map(({ id }) => id.client))
  for (const { client } of deletions) clients.add(client)
  if (clients.size > most.clients)
    throw refusedUpdate(`it has ${clients.size} client ids where ${most.clients} are the limit`)
  for (const { length } of [...structs, ...deletions]) {
    if (length < 1 || length > most.structLength) {
      throw refusedUpdate(`one struct covers ${length} clocks where 1 to ${most.structLength} are the limits`)
    }
  }
}

/** What we have already may come back to us; more of a live writer's clock may not come from anybody else. */
function checkClocks({ structs, deletions }: UpdateContent, doc: Y.Doc, inUse: ReadonlySet<number>): void {
  if (inUse.size === 0) return
  const spans = [...structs.map(({ id, length }) => ({ ...id, length })), ...deletions]
  for (const { client, clock, length } of spans) {
    if (inUse.has(client) && clock + length > Y.getState(doc.store, client)) {
      throw refusedUpdate(`it has structs of client ${client}, which a live writer uses`, { client })
    }
  }
}

/** Yjs takes for granted that a writer only builds on what it made before, and fails halfway where it did not. */
function checkReferences({ structs }: UpdateContent): void {
  for (const struct of structs) {
    if (!(struct instanceof Y.Item)) continue
    const { client, clock } = struct.id
    for (const id of [struct.origin, struct.rightOrigin, struct.parent]) {
      if (id instanceof Y.ID && id.client === client && id.clock >= clock) {
        throw refusedUpdate(`a struct of client ${client} builds on one that comes after it`)
      }
    }
  }
}

function checkDepth({ structs }: UpdateContent, doc: Y.Doc, most: number): void {
  const types = new TypeDepth(structs, doc)
  for (const struct of structs) {
    if (!(struct instanceof Y.Item)) continue
    const depth =
      struct.content instanceof Y.ContentType ? types.depthOf(struct) : depthOfContent(struct.content, most)
    if (depth > most) throw refusedUpdate(`something in it is nested deeper than ${most} levels`)
  }
}

function depthOfContent(content: Y.Item['content'], most: number): number {
  if (content instanceof Y.ContentAny || content instanceof Y.ContentJSON)
    return depthOfValue(content.arr, most + 1) - 1
  if (content instanceof Y.ContentEmbed) return depthOfValue(content.embed, most)
  if (content instanceof Y.ContentFormat) return depthOfValue(content.value, most)
  return 0
}

function checkFork({ structs }: UpdateContent, doc: Y.Doc): void {
  const client = forkedClient(structs, doc)
  if (client !== undefined) throw forkedDocument(client)
}

/** The error for two copies that write under one client id. */
export function forkedDocument(client: number): HoldfastError {
  return createError(
    'DOCUMENT_FORKED',
    `Edits were refused: two copies of the document write under client id ${client}. Open the document anew, and give no doc a clientID; what this copy alone has is in its doc.`,
    { client },
  )
}

/** True when it builds on structs that neither the document nor the update itself has. */
function isWaiting({ structs, deletions }: UpdateContent, doc: Y.Doc): boolean {
  const known = new Map<number, number>()
  const knownOf = (client: number) => known.get(client) ?? Y.getState(doc.store, client)
  for (const struct of structs) {
    const { id, length } = struct
    if (struct instanceof Y.Skip || id.clock > knownOf(id.client)) return true
    known.set(id.client, Math.max(knownOf(id.client), id.clock + length))
  }
  const isKnown = (id: unknown) => !(id instanceof Y.ID) || id.clock < knownOf(id.client)
  for (const struct of structs) {
    if (!(struct instanceof Y.Item)) continue
    if (!(isKnown(struct.origin) && isKnown(struct.rightOrigin) && isKnown(struct.parent))) return true
  }
  return deletions.some(({ client, clock, length }) => clock + length > knownOf(client))
}

function tooLarge(reason: string): HoldfastError {
  return createError('VALUE_TOO_LARGE', `An update was refused: ${reason}. The document is unchanged.`, {
    path: 'update',
    reason,
  })
}
