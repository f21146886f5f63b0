/** Both ends excluded: `after` a time is later than it. Absent ends are open. */
export interface TimeBounds {
  readonly after?: number | undefined
  readonly before?: number | undefined
}

export function isWithin({ after, before }: TimeBounds, time: number): boolean {
  return (after === undefined || time > after) && (before === undefined || time < before)
}

/** The index keys `[...prefix, time]` within the bounds and within [from, to]; without a prefix the bare times. */
export function timeRange(
  prefix: readonly string[],
  { after, before }: TimeBounds,
  from = Number.NEGATIVE_INFINITY,
  to = Number.POSITIVE_INFINITY,
): IDBKeyRange {
  const lowOpen = after !== undefined && after >= from
  const highOpen = before !== undefined && before <= to
  const low = lowOpen ? after : from
  const high = highOpen ? before : to
  const key = (time: number) => (prefix.length === 0 ? time : [...prefix, time])
  // IndexedDB takes no range whose ends have passed each other; nothing lies in it, so one point outside will do.
  if (low > high || (low === high && (lowOpen || highOpen)))
    return IDBKeyRange.only(key(Number.NEGATIVE_INFINITY))
  return IDBKeyRange.bound(key(low), key(high), lowOpen, highOpen)
}
