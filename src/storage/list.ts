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
import { readRange } from './read-range.ts'
import { resultOf } from './result-of.ts'

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
  const all = (await readRange<Row>(plan.source, plan.range)).filter(plan.fits)
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
  { source, fits, placeOf }: ListPlan<Row>,
  between: NonNullable<ListPlan<Row>['between']>,
  { order, limit }: ListOptions,
  after?: Place,
): Promise<readonly Row[]> {
  const found: Row[] = []
  let last = after
  for (let step = limit + 1; ; step *= 2) {
    const read = await readRange<Row>(source, rangeAfter(between, order, last?.value), {
      reverse: order === 'desc',
      limit: step,
    })
    for (const row of read) {
      const place = placeOf(row)
      // The rows of the value where the last step ended are read again.
      if (last !== undefined && comparePlaces(order, place, last) <= 0) continue
      last = place
      if (fits(row)) found.push(row)
      if (found.length > limit) return found
    }
    if (read.length < step) return found
  }
}

function rangeAfter(
  between: (from: number, to: number) => IDBKeyRange,
  order: ListOrder['order'],
  value: SortValue = order === 'asc' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY,
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
