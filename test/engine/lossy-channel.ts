import type { TabChannel } from '../../src/core/ports.ts'
import { createTabChannel } from '../../src/platform/channel.ts'

/** What becomes of one message on its way. */
export type Fate = 'arrives' | 'is lost' | 'comes twice' | 'comes late'

/** A channel whose messages meet what a browser may do to them. A late one comes after the next one of its sender. */
export function lossyChannel(name: string, fateOf: (message: unknown) => Fate): TabChannel {
  const real = createTabChannel(name)
  let late: unknown[] = []

  function post(message: unknown): void {
    const fate = fateOf(message)
    if (fate === 'comes late') {
      late.push(message)
      return
    }
    if (fate !== 'is lost') real.post(message)
    if (fate === 'comes twice') real.post(message)
    const waited = late
    late = []
    for (const each of waited) real.post(each)
  }

  return { post, listen: real.listen, close: real.close }
}

/** A sequence of numbers from 0 to 1 that is the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
