/**
 * Which rows of the log this worker has heard of. Rows arrive in one order over all tabs, numbered without holes, so a
 * number that is missing while a later one was told is a message that got lost, or that comes late.
 */
import type { WallClock } from '../core/ports.ts'
import { joined, type Range, without } from '../core/ranges.ts'

export interface Arrivals<About> {
  /** Everything up to here was told, or was read. */
  readonly heardTo: number
  /** All numbers of which nobody told; the last range has no end. */
  readonly unheard: readonly Range[]
  /** Whether these come right after all that were stored so far, as far as anybody knows: no other row lies between. */
  areNext(ranges: readonly Range[]): boolean
  /**
   * These rows were stored here.
   * @returns those of them that were not told before
   */
  told(ranges: Iterable<Range>): readonly Range[]
  /**
   * The same, said by another tab. It is believed for {@link HOLE_MS}: then the log is asked how far it goes, and of a
   * message that named rows beyond its end nothing is believed. What else it said `about` its rows is to be verified then.
   */
  claimed(ranges: Iterable<Range>, about: About): readonly Range[]
  /** Reads now what has not been told yet, up to this number. Resolves when it was given on. */
  readTo(seq: number): Promise<void>
  stop(): void
}

/**
 * How long a missing number is waited for: a message of another tab waits for further numbers before it is sent, and may
 * be overtaken. Longer than that and its one hop together, shorter than what a person sees.
 */
export const HOLE_MS = 50

/** How long after a read that failed the hole is read again. */
const RETRY_MS = 1_000

export function createArrivals<Found, About>(deps: {
  readonly wall: Pick<WallClock, 'after'>
  /** The last row that was stored when this worker began to listen. */
  readonly heardTo: number
  /** The last row that is stored. */
  readonly end: () => Promise<number>
  /** Looks at the rows of the range, which nobody told of. */
  readonly read: (range: Range) => Promise<Found>
  /** Takes what was found; only these rows of it were not told while it was read. */
  readonly onFound: (found: Found, fresh: readonly Range[]) => void
  /** Rows that a message claimed are there; what it said about them may be wrong all the same. */
  readonly verify: (about: About, ranges: readonly Range[]) => Promise<void>
  readonly onError: (error: unknown) => void
}): Arrivals<About> {
  let heardTo = deps.heardTo
  /** Told beyond the first hole, in order, never touching each other. */
  let beyond: readonly Range[] = []
  /** What each message of another tab brought that was new, as long as it was not held against the log. */
  let claims: { readonly ranges: readonly Range[]; readonly about: About }[] = []
  let stopWaiting: (() => void) | undefined
  let isStopped = false
  let reading: Promise<void> = Promise.resolve()

  function take(ranges: Iterable<Range>): readonly Range[] {
    const fresh = without(joined([...ranges]), [[0, heardTo], ...beyond])
    hear([...beyond, ...fresh])
    if (beyond.length + claims.length > 0) wait(HOLE_MS)
    else stopWait()
    return fresh
  }

  function claim(ranges: Iterable<Range>, about: About): readonly Range[] {
    const fresh = take(ranges)
    if (fresh.length === 0) return fresh
    claims.push({ ranges: fresh, about })
    wait(HOLE_MS)
    return fresh
  }

  function hear(ranges: readonly Range[]): void {
    beyond = joined(ranges)
    for (let [first] = beyond; first !== undefined && first[0] <= heardTo + 1; [first] = beyond) {
      heardTo = Math.max(heardTo, first[1])
      beyond = beyond.slice(1)
    }
  }

  /** As if these had never been told; what of them is stored is then read as a hole. */
  function unhear(ranges: readonly Range[]): void {
    const left = without([[0, heardTo], ...beyond], joined([...ranges]))
    heardTo = 0
    hear([[0, 0], ...left])
  }

  function stopWait(): void {
    stopWaiting?.()
    stopWaiting = undefined
  }

  function wait(delayMs: number): void {
    if (isStopped) return
    stopWaiting ??= deps.wall.after(delayMs, () => {
      stopWaiting = undefined
      settle().catch(deps.onError)
    })
  }

  async function settle(): Promise<void> {
    const end = claims.length === 0 ? Number.POSITIVE_INFINITY : await checkClaims()
    const first = beyond[0]
    if (first !== undefined) await readTo(Math.min(first[0] - 1, end))
  }

  /** @returns the end of the log, beyond which a hole may be one that a message only claims */
  async function checkClaims(): Promise<number> {
    const checked = claims
    claims = []
    const end = await deps.end().catch((error: unknown) => {
      claims = [...checked, ...claims]
      wait(RETRY_MS)
      throw error
    })
    const isUntrue = ({ ranges }: (typeof checked)[number]) => ranges.some(([, to]) => to > end)
    const untrue = checked.filter(isUntrue).flatMap(({ ranges }) => ranges)
    if (untrue.length > 0) {
      unhear(untrue)
      await readTo(end)
    }
    for (const claimed of checked) {
      if (isUntrue(claimed)) continue
      deps.verify(claimed.about, claimed.ranges).catch((error: unknown) => {
        if (isStopped) return
        claims.push(claimed)
        wait(RETRY_MS)
        deps.onError(error)
      })
    }
    return end
  }

  function readTo(seq: number): Promise<void> {
    const work = async () => {
      if (seq <= heardTo) return
      const hole: Range = [heardTo + 1, seq]
      const found = await deps.read(hole).catch((error: unknown) => {
        if (beyond.length > 0) wait(RETRY_MS)
        throw error
      })
      const fresh = take([hole])
      if (fresh.length > 0) deps.onFound(found, fresh)
    }
    // One after the other, so that nothing is read twice.
    const done = reading.then(work)
    reading = done.catch(() => {})
    return done
  }

  return {
    get heardTo() {
      return heardTo
    },
    get unheard() {
      return without([[heardTo + 1, Number.POSITIVE_INFINITY]], beyond)
    },
    areNext: ([first, ...rest]) => beyond.length + rest.length === 0 && first?.[0] === heardTo + 1,
    told: take,
    claimed: claim,
    readTo,
    stop() {
      isStopped = true
      stopWait()
      beyond = []
      claims = []
    },
  }
}
