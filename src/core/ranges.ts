/** Whole numbers as ranges. */

/** Both included. */
export type Range = readonly [from: number, to: number]

/** The same numbers as few ranges, in order. */
export function joined(ranges: readonly Range[]): readonly Range[] {
  const joinedRanges: Range[] = []
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = joinedRanges.at(-1)
    if (last !== undefined && from <= last[1] + 1)
      joinedRanges[joinedRanges.length - 1] = [last[0], Math.max(last[1], to)]
    else joinedRanges.push([from, to])
  }
  return joinedRanges
}

/** What of the ranges is in none of the others; both are in order. */
export function without(ranges: readonly Range[], others: readonly Range[]): readonly Range[] {
  return ranges.flatMap(([from, to]) => {
    const left: Range[] = []
    let next = from
    for (const [otherFrom, otherTo] of others) {
      if (otherTo < next || otherFrom > to) continue
      if (otherFrom > next) left.push([next, otherFrom - 1])
      next = otherTo + 1
    }
    return next <= to ? [...left, [next, to] as const] : left
  })
}

/** The numbers as ranges, in order. */
export function rangesOf(numbers: Iterable<number>): readonly Range[] {
  return joined([...numbers].map((number) => [number, number]))
}
