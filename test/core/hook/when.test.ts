import { describe, expect, test } from 'vitest'
import type { HookDefinition, HookWhen, PayloadByPoint } from '../../../src/core/hook/definition.ts'
import type { HookScope } from '../../../src/core/hook/operation-hooks.ts'
import type { PointName } from '../../../src/core/hook/points.ts'
import type { SessionId } from '../../../src/core/ids.ts'
import { artifactDraft, artifactRecord, errorOf, scope, sessionRecord, setUp, stepDraft } from './harness.ts'

function applies<Point extends PointName>(
  point: Point,
  when: HookWhen,
  payload: PayloadByPoint[Point],
  parts: Partial<HookScope> = {},
): boolean {
  const { registry, executor } = setUp()
  let called = false
  const definition: HookDefinition = {
    id: 'one',
    version: 1,
    point,
    stage: 'before',
    when,
    run: () => {
      called = true
      return undefined
    },
  }
  registry.register(definition)
  executor.before(point, payload, scope(parts))
  return called
}

const write = { key: 'settings.theme', value: 'dark' }

describe('parts', () => {
  test('HO6 sessionId: that session alone', () => {
    expect(applies('state:write', { sessionId: 'session-1' as SessionId }, write)).toBe(true)
    expect(applies('state:write', { sessionId: 'session-2' as SessionId }, write)).toBe(false)
  })

  test('HO6 tags: one of them is on the session', () => {
    const session = sessionRecord({ tags: ['sales', 'q4'] })
    expect(applies('state:write', { tags: ['q4', 'other'] }, write, { session })).toBe(true)
    expect(applies('state:write', { tags: ['other'] }, write, { session })).toBe(false)
    expect(applies('state:write', { tags: ['q4'] }, write)).toBe(false)
    expect(applies('state:write', { tags: [] }, write, { session })).toBe(false)
  })

  test('HO6 tags of a session that is being created are those of its input', () => {
    expect(applies('session:start', { tags: ['q4'] }, { input: { tags: ['q4'] } })).toBe(true)
    expect(applies('session:start', { tags: ['q4'] }, { input: {} })).toBe(false)
  })

  test('HO6 kinds: the kind of the artifact', () => {
    const payload = { draft: artifactDraft({ kind: 'tool_result' }) }
    expect(applies('artifact:store', { kinds: ['tool_result'] }, payload)).toBe(true)
    expect(applies('artifact:store', { kinds: ['user_input'] }, payload)).toBe(false)
    expect(applies('artifact:read', { kinds: ['user_input'] }, { artifact: artifactRecord() })).toBe(true)
  })

  test.each<readonly [string, boolean]>([
    ['settings.*', true],
    ['*.theme', true],
    ['*', true],
    ['settings', false],
    ['other.*', false],
  ])('HO6 names: %s on the state key settings.theme is %s', (pattern, expected) => {
    expect(applies('state:write', { names: [pattern] }, write)).toBe(expected)
    expect(applies('state:write', { names: ['nothing', pattern] }, write)).toBe(expected)
  })

  test("HO6 names: the step's name@version, the event's type, the artifact's name", () => {
    expect(applies('step:run', { names: ['tool:*'] }, stepDraft())).toBe(true)
    expect(applies('step:run', { names: ['*@1'] }, stepDraft())).toBe(true)
    expect(applies('step:run', { names: ['agent:*'] }, stepDraft())).toBe(false)
    expect(applies('event:emit', { names: ['order.*'] }, { type: 'order.placed', data: null })).toBe(true)
    expect(applies('artifact:store', { names: ['*.csv'] }, { draft: artifactDraft() })).toBe(true)
    expect(applies('artifact:delete', { names: ['*.svg'] }, { artifact: artifactRecord() })).toBe(false)
  })

  test('HO6 all given parts must hold', () => {
    const session = sessionRecord({ tags: ['q4'] })
    expect(applies('state:write', { tags: ['q4'], names: ['settings.*'] }, write, { session })).toBe(true)
    expect(applies('state:write', { tags: ['q4'], names: ['other.*'] }, write, { session })).toBe(false)
    expect(applies('state:write', { tags: ['no'], names: ['settings.*'] }, write, { session })).toBe(false)
  })

  test('HO6 a part that can never hold at the point is refused', async () => {
    const kinds = await errorOf(() => applies('state:write', { kinds: ['tool_result'] }, write))
    expect(kinds.details).toMatchObject({ path: 'when.kinds', point: 'state:write' })
    const names = await errorOf(() => applies('session:start', { names: ['*'] }, { input: {} }))
    expect(names.details).toMatchObject({ path: 'when.names', point: 'session:start' })
  })
})

describe('where it is not met', () => {
  test('HO7 the hook is not called, not counted and not recorded', async () => {
    const { registry, executor } = setUp()
    registry.register({
      id: 'one',
      version: 1,
      point: 'state:write',
      stage: 'before',
      when: { names: ['other'] },
      run: () => ({ kind: 'cancel', reason: 'never' }),
    })
    expect(executor.before('state:write', write, scope())).toEqual({ kind: 'go', payload: write, runs: [] })
    expect(executor.stats()[0]).toMatchObject({ calls: 0, skipped: 0 })
  })
})
