import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { defineHook } from '../../src/core/hook/define-hook.ts'
import type { HookDefinition } from '../../src/core/hook/definition.ts'
import type { RequestId } from '../../src/core/ids.ts'
import type { Locks } from '../../src/core/ports.ts'
import { createCalls, type Going } from '../../src/engine/calls.ts'
import { type Engine, openEngine } from '../../src/engine/engine.ts'
import { createWorld } from '../../src/engine/world.ts'
import { createProcessLocks } from '../../src/platform/process-locks.ts'
import { type Hello, PROTOCOL_VERSION } from '../../src/protocol/hello.ts'
import type { PageMessage, WorkerMessage } from '../../src/protocol/messages.ts'
import type { Answer, Input, MethodName } from '../../src/protocol/worker-api.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

let count = 0

/**
 * Workers share locks that die with them; one with locks of its own looks dead to the others. Not the Web Locks of
 * this process, which newer Nodes have: all its workers would share them.
 */
async function start(
  name: string,
  hooks: readonly HookDefinition[] = [],
  locks: Locks = createProcessLocks(),
) {
  const errors: unknown[] = []
  const engine: Engine = await openEngine(name, {
    world: createWorld({ locks }),
    definitions: { steps: [], templates: {}, stateClasses: {} },
    hooks,
    onError: (error) => errors.push(error),
  })
  count += 1
  const sent: WorkerMessage[] = []
  const hello: Hello = { protocol: PROTOCOL_VERSION, name, client: `page-${count}` }
  const client = await engine.connect(hello, (message) => sent.push(message))
  let calls = 0
  const call = async <Method extends MethodName>(
    method: Method,
    input: Input<Method>,
    deadlineMs = 5_000,
  ) => {
    calls += 1
    return (await client.call({ id: calls, method, input, deadlineMs })) as Answer<Method>
  }
  return { engine, client, call, sent, errors, send: (message: PageMessage) => client.receive(message) }
}

test('EN1 a step whose worker died is said to be cut off when its session is opened again', async () => {
  const name = `upkeep-${count}-orphan`
  const first = await start(name)
  const { record } = await first.call('sessions.create', { name: 'one' })
  await first.call('steps.start', {
    sessionId: record.id,
    step: 'tool:slow@1',
    purity: 'effect',
    input: null,
  })
  await first.engine.close()

  const second = await start(name)
  await second.call('sessions.open', { id: record.id })

  await expect
    .poll(async () => {
      const { items } = await second.call('timeline.query', { sessionId: record.id, types: ['step.*'] })
      return items.map(({ type }) => type)
    })
    .toEqual(['step.started', 'step.interrupted'])
  expect(second.errors).toEqual([])
  await second.engine.close()
  expect(await checkLaws(name)).toEqual([])
})

test('EN1 a step of a worker that lives is left alone', async () => {
  const name = `upkeep-${count}-living`
  const locks = createProcessLocks()
  const first = await start(name, [], locks)
  const { record } = await first.call('sessions.create', { name: 'one' })
  await first.call('steps.start', {
    sessionId: record.id,
    step: 'tool:slow@1',
    purity: 'effect',
    input: null,
  })

  const second = await start(name, [], locks)
  await second.call('sessions.open', { id: record.id })
  // What would be written comes before what the same worker writes after it.
  await second.call('timeline.emit', { sessionId: record.id, type: 'order.placed', data: {} })
  await second.call('flush', {})

  const { items } = await second.call('timeline.query', { sessionId: record.id, types: ['step.*'] })
  expect(items.map(({ type }) => type)).toEqual(['step.started'])
  await second.engine.close()
  await first.engine.close()
})

test('EN2 an import that a worker left unfinished is removed by the next one', async () => {
  const name = `upkeep-${count}-import`
  const first = await start(name)
  const lines = Array.from({ length: 2_000 }, (_, at) =>
    JSON.stringify({ type: 'message', message: { role: 'user', content: `message ${at}` } }),
  )
  let pull = 0
  const source = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const line = lines[pull]
      pull += 1
      // The rest never comes: the worker dies while it waits.
      if (line !== undefined && pull < 1_000) controller.enqueue(new TextEncoder().encode(`${line}\n`))
      else await new Promise(() => {})
    },
  })
  const importing = first.call('sessions.import', { source, format: 'pi-session' }, 60_000)
  importing.catch(() => {})
  await expect.poll(() => pull).toBeGreaterThan(900)
  const listed = await first.call('sessions.list', { count: true })
  expect(listed.total).toBe(0)
  expect(await rowsOf(name, 'sessions')).toBe(1)

  const second = await start(name)
  await expect.poll(() => rowsOf(name, 'sessions'), { timeout: 4_000 }).toBe(0)
  expect(second.errors).toEqual([])
})

function rowsOf(name: string, store: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name)
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      const counting = opening.result.transaction(store).objectStore(store).count()
      counting.onsuccess = () => {
        opening.result.close()
        resolve(counting.result)
      }
    }
  })
}

test('EN3 a page is told where the worker gates state, so that it shows nothing there before it is stored', async () => {
  const gate = defineHook({
    id: 'gate',
    version: 1,
    point: 'state:write',
    stage: 'before',
    when: { names: ['limit.*'] },
    run: () => undefined,
  })
  const { engine, client } = await start(`upkeep-${count}-gates`, [gate as HookDefinition])

  expect(client.welcome.gates).toEqual([{ names: ['limit.*'] }])
  await engine.close()
})

test('EN4 a call is cut off at its deadline, which its progress begins anew', async () => {
  const wall = fakeClock()
  const calls = createCalls({
    wall,
    client: 'page',
    actor: undefined,
    newRequestId: () => 'request' as RequestId,
  })
  const begun: Going[] = []
  const perform = (id: number) =>
    calls.perform({ id, deadlineMs: 100 }, 'The work', (request, going) => {
      begun.push(going)
      return new Promise((_resolve, reject) => {
        request.signal?.addEventListener('abort', () => reject(request.signal?.reason))
      })
    })
  const outcomes: string[] = []
  for (const id of [1, 2]) perform(id).catch((error) => outcomes.push(`${id} ${error.code}`))

  wall.advance(60)
  begun[1]?.goesOn()
  wall.advance(60)
  await expect.poll(() => outcomes).toEqual(['1 DEADLINE'])
  wall.advance(60)
  await expect.poll(() => outcomes).toEqual(['1 DEADLINE', '2 DEADLINE'])
})

test('EN4 work that does not stop at its deadline ends as OUTCOME_UNKNOWN', async () => {
  const wall = fakeClock()
  const calls = createCalls({
    wall,
    client: 'page',
    actor: undefined,
    newRequestId: () => 'request' as RequestId,
  })
  const outcome = calls
    .perform({ id: 1, deadlineMs: 100 }, 'The work', () => new Promise(() => {}))
    .catch((error) => error)

  wall.advance(100)
  wall.advance(2_000)

  expect(await outcome).toMatchObject({ code: 'OUTCOME_UNKNOWN', details: { requestId: 'request' } })
})

test('EN4 a call that its page gives up is ABORTED', async () => {
  const calls = createCalls({
    wall: fakeClock(),
    client: 'page',
    actor: undefined,
    newRequestId: () => 'request' as RequestId,
  })
  const outcome = calls
    .perform(
      { id: 7, deadlineMs: 100 },
      'The work',
      (request) =>
        new Promise((_resolve, reject) => {
          request.signal?.addEventListener('abort', () => reject(request.signal?.reason))
        }),
    )
    .catch((error) => error)

  calls.abort(7)

  expect(await outcome).toMatchObject({ code: 'ABORTED' })
})

test('EN4 a clock that is set back puts no deadline off', async () => {
  const wall = fakeClock()
  const calls = createCalls({
    wall,
    client: 'page',
    actor: undefined,
    newRequestId: () => 'request' as RequestId,
  })
  const outcome = calls
    .perform({ id: 1, deadlineMs: 100 }, 'The work', () => new Promise(() => {}))
    .catch((error) => error.code)

  wall.set(wall.now() - 600_000)
  wall.advance(100)
  wall.advance(2_000)

  expect(await outcome).toBe('OUTCOME_UNKNOWN')
})
