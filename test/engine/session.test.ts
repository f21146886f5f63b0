/** Sessions as pages reach them: through the worker's table of methods, in engines that share one database. */
import 'fake-indexeddb/auto'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { RequestId, SessionId } from '../../src/core/ids.ts'
import { valuesOf } from '../../src/core/state/fold.ts'
import { entriesOf } from '../../src/core/state/packed-entries.ts'
import { definitionsOf } from '../../src/engine/definitions.ts'
import { openEngine } from '../../src/engine/engine.ts'
import { createWorld } from '../../src/engine/world.ts'
import type { EngineClient } from '../../src/protocol/engine-host.ts'
import { type Hello, PROTOCOL_VERSION } from '../../src/protocol/hello.ts'
import type { WorkerMessage } from '../../src/protocol/messages.ts'
import type { Input, MethodName } from '../../src/protocol/worker-api.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { type Unpacked, unpacked } from './unpacked-answer.ts'

let count = 0

/** A number that nothing else here has. */
function fresh(): number {
  count += 1
  return count
}

interface TestPage {
  readonly name: string
  readonly client: EngineClient
  /** What the worker sent to the page. */
  readonly received: WorkerMessage[]
  call<Method extends MethodName>(
    method: Method,
    input: Input<Method>,
    more?: { requestId?: string; mayRepeat?: boolean },
  ): Promise<Unpacked<Method>>
  /** Waits until a message of this kind has come. */
  message<Type extends WorkerMessage['type']>(
    type: Type,
    fits?: (message: Extract<WorkerMessage, { type: Type }>) => boolean,
  ): Promise<Extract<WorkerMessage, { type: Type }>>
}

/** A page with a worker of its own: pages of one name share the database alone, as tabs do. */
async function openPage(name = `engine-sessions-${fresh()}`, hello: Partial<Hello> = {}): Promise<TestPage> {
  const errors: unknown[] = []
  const engine = await openEngine(name, {
    world: createWorld(),
    definitions: definitionsOf(undefined),
    hooks: [],
    onError: (error) => errors.push(error),
  })
  onTestFinished(async () => {
    await engine.close()
    expect(errors).toEqual([])
    expect(await checkLaws(name)).toEqual([])
  })
  const received: WorkerMessage[] = []
  const waiting = new Set<() => void>()
  const client = await engine.connect(
    { protocol: PROTOCOL_VERSION, name, client: `page ${fresh()}`, ...hello },
    (message) => {
      received.push(message)
      for (const look of [...waiting]) look()
    },
  )
  return {
    name,
    client,
    received,
    call: async (method, input, more = {}) => {
      const answer = await client.call({
        id: fresh(),
        method,
        input,
        deadlineMs: 10_000,
        requestId: (more.requestId ?? `request ${fresh()}`) as RequestId,
        mayRepeat: more.mayRepeat ?? false,
      })
      return unpacked(method, answer)
    },
    message: (type, fits = () => true) =>
      new Promise((resolve) => {
        const look = () => {
          const found = received.find((message) => message.type === type && fits(message as never))
          if (found === undefined) return
          waiting.delete(look)
          resolve(found as never)
        }
        waiting.add(look)
        look()
      }),
  }
}

describe('sessions through the engine', () => {
  test('SE1 create, open, get, list, edit and checkpoints answer with the present record', async () => {
    const page = await openPage(undefined, { actor: { id: 'ada' } })
    const { record } = await page.call('sessions.create', { name: 'one', tags: ['t'], state: { a: 1 } })
    expect(record).toMatchObject({ name: 'one', status: 'active', createdBy: { id: 'ada' } })
    const { id } = record
    const edited = await page.call('sessions.edit', { id, changes: { name: 'two' } })
    expect(edited.name).toBe('two')
    const start = await page.call('sessions.open', { id })
    expect(start.record).toEqual(edited)
    // Packed where the index rows were written meanwhile.
    expect(valuesOf(entriesOf(start))).toEqual({ a: 1 })
    expect(await page.call('sessions.get', { id })).toEqual(edited)
    expect(await page.call('sessions.get', { id: 'nobody' as SessionId })).toBeNull()
    expect((await page.call('sessions.list', { tags: ['t'], count: true })).total).toBe(1)
    const checkpoint = await page.call('sessions.save', { id, label: 'kept' })
    expect(await page.call('sessions.checkpoints', { id })).toEqual([checkpoint])
    await page.call('state.write', { target: { session: id }, changes: [{ key: 'a', value: 2 }] })
    const restored = await page.call('sessions.restore', { id, checkpoint: checkpoint.id })
    expect(valuesOf(restored.entries)).toEqual({ a: 1 })
    const fork = await page.call('sessions.fork', { id, name: 'what if' })
    expect(fork.record).toMatchObject({ name: 'what if', parentId: id })
    expect((await page.call('sessions.at', { id, event: record.revision })).state).toEqual({})
    await expect(page.call('sessions.delete', { id })).rejects.toMatchObject({ code: 'SESSION_HAS_CHILDREN' })
    expect(await page.call('sessions.delete', { id, children: 'cascade' })).toBeNull()
    expect((await page.call('sessions.list', { count: true })).total).toBe(0)
  })

  test("SE7 a page's own template comes before the worker's", async () => {
    const page = await openPage(undefined, { templates: { analysis: { tags: ['from the page'] } } })
    const { record } = await page.call('sessions.create', { template: 'analysis' })
    expect(record).toMatchObject({ tags: ['from the page'], template: 'analysis' })
  })

  test('SE21 a session that there is not is an error of its own code, also to open its state', async () => {
    const page = await openPage()
    const id = 'nobody' as SessionId
    const unknown = { code: 'SESSION_NOT_FOUND', details: { id } }
    await expect(page.call('sessions.open', { id })).rejects.toMatchObject(unknown)
    await expect(page.call('state.open', { session: id })).rejects.toMatchObject(unknown)
    await expect(page.call('sessions.transition', { id, verb: 'suspend' })).rejects.toMatchObject(unknown)
    await expect(page.call('timeline.query', { sessionId: id })).rejects.toMatchObject(unknown)
    await expect(page.call('sessions.get', { id: 'a/b' as SessionId })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
  })

  test('SE26 one request id for two verbs of a session is refused', async () => {
    const page = await openPage()
    const { record } = await page.call('sessions.create', {})
    const chosen = { requestId: 'mine', mayRepeat: true }
    await page.call('sessions.transition', { id: record.id, verb: 'suspend' }, chosen)
    const resuming = page.call('sessions.transition', { id: record.id, verb: 'resume' }, chosen)
    await expect(resuming).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { earlier: 'sessions.transition suspend', does: 'sessions.transition resume' },
    })
    expect(await page.call('sessions.get', { id: record.id })).toMatchObject({ status: 'suspended' })
  })

  test('SE25 a call sent again by its page happens once', async () => {
    const page = await openPage()
    const first = await page.call('sessions.create', { name: 'one' }, { requestId: 'same' })
    const again = await page.call('sessions.create', { name: 'one' }, { requestId: 'same', mayRepeat: true })
    expect(again.record).toEqual(first.record)
    expect((await page.call('sessions.list', { count: true })).total).toBe(1)
  })

  test('TR5 of two tabs one completes while the other suspends: both show the same', async () => {
    const here = await openPage()
    const { id } = (await here.call('sessions.create', {})).record
    const there = await openPage(here.name)
    for (const page of [here, there]) page.client.receive({ type: 'attach', stream: id as never })
    await Promise.all([here, there].map((page) => page.call('sessions.open', { id })))

    const results = await Promise.allSettled([
      here.call('sessions.transition', { id, verb: 'complete' }),
      there.call('sessions.transition', { id, verb: 'suspend' }),
    ])
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []))
    // A suspended session can be completed, so both may happen where the suspension came first.
    expect([[], ['INVALID_TRANSITION']]).toContainEqual(refused)
    const shown = await Promise.all([here, there].map((page) => page.call('sessions.get', { id })))
    expect(shown[0]).toEqual(shown[1])
    expect(shown[0]?.status).toBe('completed')
    const patched = await there.message('patch', ({ record }) => record?.status === 'completed')
    expect(patched.record?.revision).toBe(shown[0]?.revision)
  })

  test('SE13 every page that has a session open hears that it was deleted', async () => {
    const here = await openPage()
    const { id } = (await here.call('sessions.create', {})).record
    const there = await openPage(here.name)
    for (const page of [here, there]) page.client.receive({ type: 'attach', stream: id as never })
    await there.call('sessions.open', { id })
    await here.call('sessions.delete', { id })
    for (const page of [here, there]) {
      expect(await page.message('patch', ({ deleted }) => deleted === true)).toMatchObject({ stream: id })
    }
    await expect(there.call('sessions.open', { id })).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })
  })

  test('TI8 all events of a session share its root, whichever page recorded them', async () => {
    const here = await openPage()
    const { id, correlationId } = (await here.call('sessions.create', {})).record
    const there = await openPage(here.name)
    for (const page of [here, there]) {
      await page.call('timeline.emit', { sessionId: id, type: 'order.placed', data: null })
      await page.call('state.write', { target: { session: id }, changes: [{ key: 'a', value: 1 }] })
    }
    const { items } = await there.call('timeline.query', { sessionId: id })
    expect(items).toHaveLength(5)
    for (const event of items) expect(event.correlationId).toBe(correlationId)
    expect(await here.call('timeline.tree', { correlationId })).toEqual(items)
  })
})
