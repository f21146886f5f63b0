import { expect, test } from 'vitest'
import type { Connection } from '../../src/client/connection.ts'
import { createListWatches } from '../../src/client/watch-list.ts'
import type { PageMessage, WorkerMessage } from '../../src/protocol/messages.ts'

interface Page {
  readonly items: readonly string[]
}

function rig() {
  const posted: PageMessage[] = []
  let listener: (message: WorkerMessage) => void = () => {}
  let respawned = () => {}
  const connection = {
    listen: (next: typeof listener) => {
      listener = next
      return () => {}
    },
    onRespawn: (next: () => void) => {
      respawned = next
      return () => {}
    },
    stand: (messages: () => readonly PageMessage[]) => {
      posted.push(...messages())
      return () => {}
    },
    post: (message: PageMessage) => {
      posted.push(message)
    },
  }
  const list = { items: ['a'] as readonly string[], loads: 0 }
  const load = async (): Promise<Page> => {
    list.loads += 1
    return { items: list.items }
  }
  return {
    posted,
    list,
    load,
    notice: () => listener({ type: 'noticed', watch: 1 }),
    respawn: () => respawned(),
    start: createListWatches(connection as Partial<Connection> as Connection),
  }
}

test('WL1 the list as it is comes first, then each other one; an equal one is passed over', async () => {
  const { start, load, list, notice, posted } = rig()
  const watch = start(undefined, load)
  expect(posted).toEqual([{ type: 'notice', watch: 1 }])
  expect((await watch.next()).value).toEqual({ items: ['a'] })
  const next = watch.next()
  notice()
  await expect.poll(() => list.loads).toBe(2)
  list.items = ['a', 'b']
  notice()
  expect((await next).value).toEqual({ items: ['a', 'b'] })
})

test('WL2 only the newest waits for its reader', async () => {
  const { start, load, list, notice } = rig()
  const watch = start(undefined, load)
  await watch.next()
  for (const item of ['b', 'c', 'd']) {
    list.items = [item]
    notice()
  }
  expect((await watch.next()).value).toEqual({ items: ['d'] })
  expect(list.loads).toBe(2)
})

test('WL2 return and an aborted signal end it, also while it waits, and the worker is told', async () => {
  const { start, load, posted } = rig()
  const stopping = new AbortController()
  const watch = start(undefined, load, { signal: stopping.signal })
  await watch.next()
  const waiting = watch.next()
  stopping.abort()
  expect(await waiting).toEqual({ done: true, value: undefined })
  expect(await watch.next()).toEqual({ done: true, value: undefined })
  expect(posted.at(-1)).toEqual({ type: 'unnotice', watch: 1 })

  const other = start(undefined, load)
  await other.next()
  const next = other.next()
  await other.return()
  expect(await next).toEqual({ done: true, value: undefined })
  expect((await start(undefined, load, { signal: AbortSignal.abort() }).next()).done).toBe(true)
})

test('WL2 a list that cannot be read ends it with the error', async () => {
  const { start } = rig()
  const watch = start(undefined, () => Promise.reject(new Error('no such filter')))
  await expect(watch.next()).rejects.toThrow('no such filter')
  expect((await watch.next()).done).toBe(true)
})

test('WL1 after another worker has come the list is read anew', async () => {
  const { start, load, list, respawn } = rig()
  const watch = start(undefined, load)
  await watch.next()
  list.items = ['z']
  respawn()
  expect((await watch.next()).value).toEqual({ items: ['z'] })
})

test('PG109 a watch that is asked again before it has answered answers each in its turn', async () => {
  const { start, load, list, notice } = rig()
  const watch = start(undefined, load)
  const asked = [watch.next(), watch.next(), watch.next()]
  expect((await asked[0])?.value).toEqual({ items: ['a'] })
  list.items = ['b']
  notice()
  expect((await asked[1])?.value).toEqual({ items: ['b'] })
  await watch.return()
  expect(await asked[2]).toEqual({ done: true, value: undefined })
})
