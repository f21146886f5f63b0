import { createError } from '../core/errors.ts'

const SLOWEST = 0.1
const FASTEST = 10
/** Nobody waits for an hour in which nothing happened. */
const MAX_GAP_MS = 2_000

/** Keeps a replay to a pace: so many times as fast as it was recorded. */
export function createPace({
  speed: first,
  maxGapMs = MAX_GAP_MS,
}: {
  readonly speed?: number
  readonly maxGapMs?: number
}) {
  let speed = admitSpeed(first)
  if (!(maxGapMs >= 0)) {
    throw createError('INVALID_ARGUMENT', `maxGapMs is ${maxGapMs}; give milliseconds from 0.`, {
      path: 'maxGapMs',
    })
  }
  /** Recorded time of what was replayed last, and since when it is. */
  let last: number | undefined
  let since = 0
  /** Recorded milliseconds that had passed when the speed was changed. */
  let passed = 0

  return {
    get speed() {
      return speed
    },
    set(to: number | undefined): void {
      const admitted = admitSpeed(to)
      passed += (performance.now() - since) * (speed ?? 0)
      since = performance.now()
      speed = admitted
    },
    /** What was recorded then has been replayed. */
    moved(time: number | undefined): void {
      if (time !== undefined) last = Math.max(last ?? time, time)
      since = performance.now()
      passed = 0
    },
    /** Milliseconds until what was recorded then is due. */
    left(next: number | undefined): number {
      if (speed === undefined || last === undefined || next === undefined) return 0
      const gap = Math.min(next - last, maxGapMs) - passed
      return gap / speed - (performance.now() - since)
    },
  }
}

/** @throws INVALID_ARGUMENT for what is no number */
function admitSpeed(speed: number | undefined): number | undefined {
  if (speed === undefined) return undefined
  if (typeof speed === 'number' && !Number.isNaN(speed)) return Math.min(FASTEST, Math.max(SLOWEST, speed))
  throw createError(
    'INVALID_ARGUMENT',
    `A replay's speed is a number from 0.1 to 10, not ${String(speed)}.`,
    {
      path: 'speed',
    },
  )
}
