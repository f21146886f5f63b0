import { expect, test } from 'vitest'
import type { Caller } from '../../src/client/caller.ts'
import { type RunPlace, runBody } from '../../src/client/run.ts'
import type { Session } from '../../src/client/session-handle.ts'
import type { Watch } from '../../src/client/watch.ts'
import type { WatchedEvent } from '../../src/client/watch-queue.ts'
import { createError } from '../../src/core/errors.ts'
import type { SessionId } from '../../src/core/ids.ts'
import type { RunRow } from '../../src/core/run/record.ts'
import type { SessionRecord } from '../../src/core/session/record.ts'
import { rejectionOf } from './rejection.ts'

const row = (facts: Partial<RunRow> = {}) =>
  ({
    id: 'run1',
    name: 'analyse',
    status: 'running',
    epoch: 1,
    correlationId: 'c1',
    startedBy: 'e1',
    ...facts,
  }) as Partial<RunRow> as RunRow

/** A place whose worker answers each method by its script, in turn; the last answer stays. */
function placeOf(scripts: Readonly<Record<string, readonly (() => unknown)[]>>) {
  const calls: (readonly [string, unknown])[] = []
  const counts = new Map<string, number>()
  const call = async (method: string, input: unknown) => {
    calls.push([method, input])
    const answers = scripts[method] ?? [() => null]
    const count = counts.get(method) ?? 0
    counts.set(method, count + 1)
    return answers[Math.min(count, answers.length - 1)]?.()
  }
  const caller: Caller = { frame: {}, now: () => caller, call: call as Caller['call'] }
  let happen = () => {}
  const place: RunPlace = {
    sessionId: 's1' as SessionId,
    caller,
    callerFor: () => caller,
    bind: () => ({}) as Partial<Session> as Session,
    work: { signal: new AbortController().signal, take: () => {}, resumed: () => undefined, stop: () => {} },
    stream: { record: undefined, subscribe: () => () => {} },
    startWatch: (_session, { signal } = {}) => {
      const next = () =>
        new Promise<IteratorResult<WatchedEvent>>((resolve) => {
          happen = () => resolve({ done: true, value: undefined })
          signal?.addEventListener('abort', happen)
        })
      return { next, return: async () => ({ done: true, value: undefined }) } as Partial<Watch> as Watch
    },
  }
  return { place, calls, happen: () => happen() }
}

const methods = (calls: readonly (readonly [string, unknown])[]) => calls.map(([method]) => method)
const never = () => Promise.reject(new Error('The body must not run.'))

test('PG72 a run that another tab owns is waited for, and its recorded result is decoded', async () => {
  const rows = [
    () => [row()],
    () => [row({ status: 'done', result: { inline: { $type: 'bigint', value: '7' } } })],
  ]
  const { place, calls, happen } = placeOf({
    'runs.open': [() => ({ run: row(), owned: false })],
    'runs.list': rows,
  })
  const result = runBody(place, 'analyse', { key: 'k' }, never)
  await expect.poll(() => methods(calls)).toEqual(['runs.open', 'runs.list'])
  happen()
  expect(await result).toBe(7n)
})

test('PG74 whoever waits for a run that fails gets its error, and does not begin it anew', async () => {
  const { place, calls } = placeOf({
    'runs.open': [() => ({ run: row(), owned: false })],
    'runs.list': [() => [row({ status: 'failed', error: { name: 'RangeError', message: 'no' } })]],
  })
  expect(await rejectionOf(runBody(place, 'analyse', {}, never))).toMatchObject({
    name: 'RangeError',
    message: 'no',
  })
  expect(methods(calls)).toEqual(['runs.open', 'runs.list'])
})

test('PG73 a run that nothing is heard of is asked for again, and taken over', async () => {
  const opened = [() => ({ run: row(), owned: false }), () => ({ run: row({ epoch: 2 }), owned: true })]
  const { place, calls } = placeOf({ 'runs.open': opened, 'runs.list': [() => [row()]] })
  expect(await runBody(place, 'analyse', { key: 'k' }, async () => 'mine')).toBe('mine')
  expect(calls.at(-1)).toEqual([
    'runs.finish',
    { runId: 'run1', epoch: 2, outcome: { ok: true, value: 'mine' } },
  ])
})

test('PG79 a run that ended otherwise says so', async () => {
  const opened = (facts: Partial<RunRow>) =>
    placeOf({ 'runs.open': [() => ({ run: row(facts), owned: false })] }).place
  expect(await rejectionOf(runBody(opened({ status: 'cancelled' }), 'a', {}, never))).toMatchObject({
    code: 'ABORTED',
  })
  const blocked = { why: 'diverged', message: 'other code' } as const
  expect(await rejectionOf(runBody(opened({ status: 'blocked', blocked }), 'a', {}, never))).toMatchObject({
    code: 'RUN_BLOCKED',
    message: expect.stringContaining('other code'),
    details: { runId: 'run1', why: 'diverged' },
  })
  expect(await runBody(opened({ status: 'done' }), 'a', {}, never)).toBeUndefined()
})

test('PG79 a large result is read where it is kept', async () => {
  const result = { content: 'sha256:1', sizeBytes: 9 } as unknown as NonNullable<RunRow['result']>
  const { place, calls } = placeOf({
    'runs.open': [() => ({ run: row({ status: 'done', result }), owned: false })],
    'recordings.value': [() => 'large'],
  })
  expect(await runBody(place, 'a', {}, never)).toBe('large')
  expect(calls.at(-1)).toEqual(['recordings.value', { recorded: result }])
})

test('PG80 a fenced body is begun again a few times, then gives up', async () => {
  let bodies = 0
  const { place, calls } = placeOf({ 'runs.open': [() => ({ run: row(), owned: true })] })
  const body = async () => {
    bodies += 1
    throw createError('RUN_FENCED', 'Not yours.')
  }
  expect(await rejectionOf(runBody(place, 'a', { key: 'k' }, body))).toMatchObject({ code: 'RUN_FENCED' })
  expect(bodies).toBe(6)
  expect(new Set(methods(calls))).toEqual(new Set(['runs.open', 'runs.leave']))
})

test('PG81 what storage or worker did to a body does not fail the run, what the body did does', async () => {
  const codes = {
    CLOSED: 'runs.leave',
    SESSION_NOT_ACTIVE: 'runs.finish',
    STORAGE_FAILED: 'runs.leave',
    OUTCOME_UNKNOWN: 'runs.leave',
    RUN_DIVERGED: 'runs.leave',
    STEP_FAILED: 'runs.finish',
    ARTIFACT_NOT_FOUND: 'runs.finish',
    INVALID_VALUE: 'runs.finish',
  } as const
  for (const [code, method] of Object.entries(codes)) {
    const { place, calls } = placeOf({ 'runs.open': [() => ({ run: row(), owned: true })] })
    const error = createError(code as keyof typeof codes, 'It happened.')
    expect(await rejectionOf(runBody(place, 'a', {}, () => Promise.reject(error)))).toBe(error)
    expect(methods(calls), code).toEqual(['runs.open', method])
  }
})

test('PG101 a run whose end the worker refuses to record is left, so that it can go on', async () => {
  const refuse = () => Promise.reject(createError('STORAGE_FAILED', 'Not now.'))
  const { place, calls } = placeOf({
    'runs.open': [() => ({ run: row(), owned: true })],
    'runs.finish': [refuse],
  })
  const error = new RangeError('of the body')
  const refused = await rejectionOf(runBody(place, 'a', {}, () => Promise.reject(error)))
  expect(refused).toMatchObject({ code: 'STORAGE_FAILED' })
  expect(methods(calls)).toEqual(['runs.open', 'runs.finish', 'runs.leave'])
})

test('PG101 a session that another tab suspended cuts the body off, also before this page hears of it', async () => {
  for (const status of ['suspended', 'active'] as const) {
    const { place, calls } = placeOf({
      'runs.open': [() => ({ run: row(), owned: true })],
      'sessions.get': [() => ({ id: 's1', status })],
    })
    let heard: string | undefined
    const work = {
      ...place.work,
      take: (record: SessionRecord) => {
        heard = record.status
      },
      resumed: () => (heard === 'suspended' ? Promise.resolve() : undefined),
    }
    let bodies = 0
    const body = async () => {
      bodies += 1
      if (bodies === 1) throw createError('SESSION_NOT_ACTIVE', 'It is suspended.', { id: 's1' })
      return 'whole'
    }
    expect(await runBody({ ...place, work }, 'a', { key: 'k' }, body)).toBe('whole')
    expect(methods(calls)).toEqual(['runs.open', 'runs.leave', 'sessions.get', 'runs.open', 'runs.finish'])
  }
})

test('PG82 a request id names the first opening of a run only', async () => {
  const opened = [() => ({ run: row(), owned: false }), () => ({ run: row(), owned: true })]
  const sent: unknown[] = []
  const { place } = placeOf({ 'runs.open': opened, 'runs.list': [() => []] })
  const call = place.caller.call
  const caller: Caller = {
    ...place.caller,
    now: () => caller,
    call: (method, input, options) => {
      if (method === 'runs.open') sent.push(options?.requestId)
      return call(method, input, options)
    },
  }
  await runBody({ ...place, caller }, 'a', { requestId: 'r1' }, async () => 1)
  expect(sent).toEqual(['r1', undefined])
})
