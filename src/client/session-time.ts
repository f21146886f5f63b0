import { isHoldfastError } from '../core/errors.ts'
import type { SessionRecord } from '../core/session/record.ts'
import type { Stream } from './shared-stream.ts'

/** A step that is over by then needs not ask: its end is held to the limit all the same. In milliseconds. */
const FIRST_LOOK_MS = 50
/** After the worker could not say. */
const RETRY_MS = 1_000
/** A longer timer ends at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Watches the time of a session while a step runs in it. The page knows that there is a limit, and when it changes; when
 * the time is over the worker says, whose clock and counter decide, so that a tab that was frozen is told rightly too.
 * A session without such a limit costs no timer and no call.
 *
 * @param stopping is aborted when it is over
 * @param ask rejects with LIMIT_EXCEEDED where the time is over
 * @returns ends the watching
 */
export function watchSessionTime(
  stream: Pick<Stream, 'record' | 'subscribe'>,
  stopping: AbortController,
  ask: () => Promise<{ readonly leftMs: number | null }>,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let looks = 0
  let known = standingOf(stream.record)

  async function look(): Promise<void> {
    looks += 1
    const mine = looks
    clearTimeout(timer)
    if (!isTimed(stream.record)) return
    const wait = (ms: number) => {
      if (mine === looks) lookIn(ms)
    }
    try {
      const { leftMs } = await ask()
      if (leftMs !== null) wait(leftMs + 1)
    } catch (error) {
      if (!isHoldfastError(error)) return
      if (error.code === 'LIMIT_EXCEEDED') stopping.abort(error)
      else if (error.retryable) wait(RETRY_MS)
    }
  }

  function lookIn(ms: number): void {
    timer = setTimeout(() => void look(), Math.min(ms, MAX_TIMER_MS))
  }

  if (isTimed(stream.record)) lookIn(FIRST_LOOK_MS)
  const stop = stream.subscribe((record) => {
    const standing = standingOf(record)
    if (standing === known) return
    known = standing
    void look()
  })
  return () => {
    looks = Number.POSITIVE_INFINITY
    clearTimeout(timer)
    stop()
  }
}

function isTimed(record: SessionRecord | undefined): boolean {
  return record?.status === 'active' && record.limits?.maxDurationMs !== undefined
}

/** What its time hangs on. */
function standingOf(record: SessionRecord | undefined): string {
  const { maxDurationMs, graceMs } = record?.limits ?? {}
  return JSON.stringify([record?.status, maxDurationMs, graceMs])
}
