import type { SessionId } from '../core/ids.ts'
import { sameValue } from '../core/state/same-value.ts'
import type { StateValue } from '../core/state/value.ts'
import type { Connection } from './connection.ts'
import { inTurn } from './in-turn.ts'

export interface ListWatchOptions {
  /** Ends the watch. */
  readonly signal?: AbortSignal
}

/**
 * A list as it is, and again each time that it is another one, whichever tab changed it. Only the newest waits for its
 * reader. Leaving the loop ends the watch.
 */
export interface ListWatch<Page> extends AsyncIterableIterator<Page> {
  return(): Promise<IteratorResult<Page, undefined>>
}

export interface StartListWatch {
  /** @param of the session whose list it is; without one all sessions */
  <Page>(of: SessionId | undefined, load: () => Promise<Page>, options?: ListWatchOptions): ListWatch<Page>
  /** @param show makes what the reader gets of what was loaded */
  <Page, Shown>(
    of: SessionId | undefined,
    load: () => Promise<Page>,
    options: ListWatchOptions | undefined,
    show: (page: Page) => Shown,
  ): ListWatch<Shown>
}

export function createListWatches(connection: Connection): StartListWatch {
  const takers = new Map<number, () => void>()
  let lastWatch = 0

  connection.listen((message) => {
    if (message.type === 'noticed') takers.get(message.watch)?.()
  })
  // What was stored while there was no worker, nobody noticed.
  connection.onRespawn(() => {
    for (const take of takers.values()) take()
  })

  return <Page, Shown>(
    of: SessionId | undefined,
    load: () => Promise<Page>,
    { signal }: ListWatchOptions = {},
    show: (page: Page) => Page | Shown = (page) => page,
  ): ListWatch<Page | Shown> => {
    lastWatch += 1
    const watch = lastWatch
    let noticed = true
    let ended = false
    let wake = () => {}
    let last: Page | undefined
    takers.set(watch, () => {
      noticed = true
      wake()
    })
    const stop = connection.stand(() => [{ type: 'notice', watch, ...(of && { sessionId: of }) }])
    const end = () => {
      if (ended) return
      ended = true
      stop()
      takers.delete(watch)
      connection.post({ type: 'unnotice', watch })
      signal?.removeEventListener('abort', end)
      wake()
    }
    signal?.addEventListener('abort', end)
    if (signal?.aborted) end()

    async function another(): Promise<Page | undefined> {
      noticed = false
      const page = await load().catch((error: unknown) => {
        end()
        throw error
      })
      // What lists hold is plain data, as state is.
      if (last !== undefined && sameValue(last as StateValue, page as StateValue)) return undefined
      last = page
      return page
    }

    return {
      next: inTurn(async () => {
        while (!ended) {
          const page = noticed ? await another() : undefined
          if (ended) break
          if (page !== undefined) return { done: false, value: show(page) }
          if (noticed) continue
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        return { done: true, value: undefined }
      }),
      return: () => {
        end()
        return Promise.resolve({ done: true, value: undefined })
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }
}
