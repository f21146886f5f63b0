/**
 * Looks for a fork: an update that says something else of clocks that are known. Yjs takes what it has for granted and
 * skips what an update says of it, so two copies of a document that write under one client id differ from then on
 * without a word.
 */
import * as Y from 'yjs'
import type { Struct } from './update-reader.ts'

/** The client id that was used twice; undefined where the update agrees with the document. */
export function forkedClient(structs: readonly Struct[], doc: Y.Doc): number | undefined {
  return structs.find((struct) => struct instanceof Y.Item && !agrees(struct, doc))?.id.client
}

function agrees(item: Y.Item, doc: Y.Doc): boolean {
  const { client, clock } = item.id
  if (clock >= Y.getState(doc.store, client)) return true
  const known: unknown = Y.getItem(doc.store, item.id)
  // What was deleted may have been forgotten since: there is nothing to compare with.
  if (!(known instanceof Y.Item) || known.content instanceof Y.ContentDeleted) return true
  if (item.content instanceof Y.ContentDeleted) return true
  const skipped = clock - known.id.clock
  const origin = skipped === 0 ? known.origin : Y.createID(client, clock - 1)
  return Y.compareIDs(item.origin, origin) && sameContent(item.content, known.content, skipped)
}

/** Compares as far as both go: runs are cut differently in different copies. */
function sameContent(said: Y.Item['content'], known: Y.Item['content'], skipped: number): boolean {
  if (said.constructor !== known.constructor) return false
  if (said instanceof Y.ContentString && known instanceof Y.ContentString) {
    const rest = known.str.slice(skipped)
    return said.str.startsWith(rest) || rest.startsWith(said.str)
  }
  const [left, right] = [said.getContent(), known.getContent().slice(skipped)]
  const length = Math.min(left.length, right.length)
  return Array.from({ length }, (_, at) => sameValue(left[at], right[at])).every(Boolean)
}

function sameValue(a: unknown, b: unknown): boolean {
  if (a instanceof Y.AbstractType && b instanceof Y.AbstractType) return a.constructor === b.constructor
  return JSON.stringify(a, asText) === JSON.stringify(b, asText)
}

const asText = (_key: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)
