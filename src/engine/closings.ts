/**
 * Pages that tell other pages what they are about to write, and the keys of which they must not. Before this worker says
 * that it has heard of such a key, they have heard it too, or did not answer for {@link HEARD_MS}.
 */
import type { StreamId } from '../core/ids.ts'
import type { WallClock } from '../core/ports.ts'
import { HEARD_MS } from '../sync/peers.ts'
import type { Asks } from './asks.ts'

export interface Closings {
  /** These are about to hold sensitive values, as the page of that name knows already. */
  close(stream: StreamId, entryKeys: readonly string[], knowing?: string): void
  /** Resolves when the pages have heard of all of them; undefined where they have. */
  readonly heard: Promise<unknown> | undefined
}

export function createClosings(
  wall: Pick<WallClock, 'after'>,
  pages: () => readonly {
    readonly name: string
    readonly tells: boolean
    readonly asks: Pick<Asks, 'ask'>
  }[],
): Closings {
  let hearing: Promise<unknown> | undefined

  return {
    get heard() {
      return hearing
    },
    close(stream, keys, knowing) {
      const telling = pages().filter((page) => page.tells && page.name !== knowing)
      if (telling.length === 0) return
      const silence = new AbortController()
      const question = { kind: 'close', stream, keys } as const
      const asked = telling.map(({ asks }) => asks.ask(question, silence.signal).catch(() => {}))
      let stopWaiting = () => {}
      const late = new Promise<void>((resolve) => {
        stopWaiting = wall.after(HEARD_MS, () => {
          // A page that never answers would have its questions kept for ever.
          silence.abort()
          resolve()
        })
      })
      const all = Promise.race([Promise.all([hearing, ...asked]), late]).then(() => {
        stopWaiting()
        if (hearing === all) hearing = undefined
      })
      hearing = all
    },
  }
}
