/**
 * One page of a list: by walking an index that has the order asked for, or by reading all that fits and sorting it.
 */
import {
  comparePlaces,
  type ListOrder,
  type Place,
  readCursor,
  type SortValue,
  writeCursor,
} from './list-cursor.ts'
import { type RangeOptions, readRange } from './read-range.ts'
import { resultOf } from './result-of.ts'
import { readReadable } from './sound-rows.ts'

export interface ListPlan<Row> {
  /** The index to read. */
  readonly source: IDBIndex
  /** The rows to look at. */
  readonly range: IDBKeyRange
  /**
   * Where the index is in the order asked for: the part of the range from one sort value to another. Absent where all
   * rows have to be read and sorted.
   */
  readonly between?: (from: number, to: number) => IDBKeyRange
  /** Every row of the range fits, so that counting needs no reading. */
  readonly exact: boolean
  readonly fits: (row: Row) => boolean
  readonly placeOf: (row: Row) => Place
  /** The browser fails at the row of this key, which the list then leaves out. Absent: the list fails with it. */
  readonly onUnreadable?: (key: IDBValidKey) => void
  /** Asked of rows that do not stand where they say. Absent: all rows are believed. */
  readonly isSound?: (row: Row) => boolean
}

export interface ListOptions extends ListOrder {
  readonly limit: number
  readonly cursor?: string
  readonly count?: boolean
}

export interface ListPage<Row> {
  readonly rows: readonly Row[]
  readonly cursor?: string
  readonly total?: number
}

export async function readPage<Row>(plan: ListPlan<Row>, options: ListOptions): Promise<ListPage<Row>> {
  const after = options.cursor === undefined ? undefined : readCursor(options, options.cursor)
  const mustRead = plan.between === undefined || (options.count === true && !plan.exact)
  if (mustRead) return readAndSort(plan, options, after)
  const [rows, total] = await Promise.all([
    walk(plan, plan.between, options, after),
    options.count ? resultOf(plan.source.count(plan.range)) : undefined,
  ])
  return pageOf(plan, options, rows, total)
}

async function readAndSort<Row>(
  plan: ListPlan<Row>,
  options: ListOptions,
  after?: Place,
): Promise<ListPage<Row>> {
  const { rows: read } = await readRows(plan, plan.range, {})
  const all = read.filter(plan.fits)
  const placed = all.map((row) => ({ row, place: plan.placeOf(row) }))
  placed.sort((a, b) => comparePlaces(options.order, a.place, b.place))
  const rest =
    after === undefined
      ? placed
      : placed.filter(({ place }) => comparePlaces(options.order, place, after) > 0)
  const rows = rest.slice(0, options.limit + 1).map(({ row }) => row)
  return pageOf(plan, options, rows, options.count ? all.length : undefined)
}

/** Reads on in steps that grow, from the last row seen, until one more than asked for was found. */
async function walk<Row>(
  plan: ListPlan<Row>,
  between: NonNullable<ListPlan<Row>['between']>,
  { order, limit }: ListOptions,
  after?: Place,
): Promise<readonly Row[]> {
  const found: Row[] = []
  let last = after
  for (let step = limit + 1; ; step *= 2) {
    const range = last === undefined ? plan.range : rangeAfter(between, order, last.value)
    const { rows: read, count } = await readRows(plan, range, {
      reverse: order === 'desc',
      limit: step,
    })
    // A damaged row may say that it stands elsewhere, and those after it would be passed over.
    const rows = isInOrder(plan, order, read) ? read : read.filter(plan.isSound ?? (() => true))
    for (const row of rows) {
      const place = plan.placeOf(row)
      // The rows of the value where the last step ended are read again.
      if (last !== undefined && comparePlaces(order, place, last) <= 0) continue
      last = place
      if (plan.exact || plan.fits(row)) found.push(row)
      if (found.length > limit) return found
    }
    if (count < step) return found
  }
}

/** Whether rows of an index stand where they say. Of the last one, after which it goes on, no other tells. */
function isInOrder<Row>(
  { placeOf, isSound }: ListPlan<Row>,
  order: ListOrder['order'],
  rows: readonly Row[],
): boolean {
  const places = rows.map(placeOf)
  const areOrdered = places.every((place, at) => {
    const before = places[at - 1]
    return before === undefined || comparePlaces(order, before, place) < 0
  })
  return areOrdered && rows.slice(-1).every((row) => isSound?.(row) ?? true)
}

/** @returns also how many there are, those included at which the browser fails */
async function readRows<Row>(
  { source, onUnreadable }: ListPlan<Row>,
  range: IDBKeyRange,
  options: RangeOptions,
): Promise<{ readonly rows: readonly Row[]; readonly count: number }> {
  if (onUnreadable === undefined) {
    const rows = await readRange<Row>(source, range, options)
    return { rows, count: rows.length }
  }
  const { rows, unreadable } = await readReadable<Row>(source, range, options)
  for (const { primaryKey } of unreadable) onUnreadable(primaryKey)
  return { rows, count: rows.length + unreadable.length }
}

function rangeAfter(
  between: (from: number, to: number) => IDBKeyRange,
  order: ListOrder['order'],
  value: SortValue,
): IDBKeyRange {
  const bound = Number(value)
  return order === 'asc' ? between(bound, Number.POSITIVE_INFINITY) : between(Number.NEGATIVE_INFINITY, bound)
}

function pageOf<Row>(
  { placeOf }: ListPlan<Row>,
  options: ListOptions,
  found: readonly Row[],
  total: number | undefined,
): ListPage<Row> {
  const rows = found.slice(0, options.limit)
  const last = rows.at(-1)
  const more = found.length > options.limit && last !== undefined
  return {
    rows,
    ...(more ? { cursor: writeCursor(options, placeOf(last)) } : {}),
    ...(total === undefined ? {} : { total }),
  }
}
