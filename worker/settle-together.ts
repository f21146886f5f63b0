import { BATCH_WAIT_MS } from '../src/protocol/gate.ts'
import type { Settled } from '../src/protocol/messages.ts'

/**
 * Resolves with what settled together: everything, or what had settled {@link BATCH_WAIT_MS} after the first. The rest
 * goes to `onLate` one by one, so that a slow call never holds its neighbours.
 */
export function settleTogether(
  calls: readonly Promise<Settled>[],
  onLate: (settled: Settled) => void,
): Promise<readonly Settled[]> {
  if (calls.length === 0) return Promise.resolve([])
  return new Promise((resolve) => {
    const together: Settled[] = []
    let answered = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const answer = () => {
      clearTimeout(timer)
      answered = true
      resolve(together)
    }
    const take = (settled: Settled) => {
      if (answered) return onLate(settled)
      together.push(settled)
      if (together.length === calls.length) return answer()
      timer ??= setTimeout(answer, BATCH_WAIT_MS)
    }
    for (const call of calls) void call.then(take)
  })
}
