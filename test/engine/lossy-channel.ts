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
