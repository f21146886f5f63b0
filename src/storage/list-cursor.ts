/**
 * The place in a list where its next page begins: the sort value and the id of the last item shown. Items of equal
 * value stand in the order of their ids, so no page shows an item twice or leaves one out.
 */
import { createError } from '../core/errors.ts'

export type SortValue = string | number

export interface ListOrder {
  readonly sortBy: string
  readonly order: 'asc' | 'desc'
}

export interface Place {
  readonly value: SortValue
  readonly id: string
}

export function writeCursor({ sortBy, order }: ListOrder, { value, id }: Place): string {
  const text = JSON.stringify([sortBy, order, value, id])
  // ASCII alone: a cursor goes through URLs and through checks that normalise text.
  return text.replace(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** @throws INVALID_ARGUMENT when it is no cursor of a list in this order */
export function readCursor({ sortBy, order }: ListOrder, cursor: string): Place {
  const [by, direction, value, id] = parseList(cursor)
  const fits = by === sortBy && direction === order && typeof id === 'string'
  const isOfKind = typeof value === (sortBy === 'name' ? 'string' : 'number')
  if (fits && isOfKind) return { value: value as SortValue, id }
  throw createError(
    'INVALID_ARGUMENT',
    `The cursor does not belong to a list by ${sortBy} (${order}); begin again without a cursor.`,
    { path: 'cursor', sortBy, order },
  )
}

function parseList(text: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(text)
    return Array.isArray(parsed) ? parsed : []
  } catch {
    return []
  }
}

/** Below 0 when `a` stands before `b` in a list of that order. */
export function comparePlaces(order: ListOrder['order'], a: Place, b: Place): number {
  const up = compare(a.value, b.value) || compare(a.id, b.id)
  return order === 'asc' ? up : -up
}

function compare(a: SortValue, b: SortValue): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
