import { describe, expect, test } from 'vitest'
import { isHoldfastError } from '../../../src/core/errors.ts'
import { valuesOf } from '../../../src/core/state/fold.ts'
import { entriesOf } from '../../../src/core/state/packed-entries.ts'
import {
  admitScope,
  entryKeyOf,
  type SessionScope,
  scopeText,
  splitEntryKey,
} from '../../../src/core/state/scope.ts'
import { created, eventsOf, openTab, reopen } from '../session/rig.ts'

function codeOf(work: () => unknown): string | undefined {
  try {
    work()
  } catch (error) {
    return isHoldfastError(error) ? error.code : undefined
  }
  return 'nothing'
}

describe('scopes inside a session', () => {
  test('SC1 a key in a scope is another entry than the same key elsewhere, and is taken apart as it was put together', () => {
    const keys = [
      { key: 'a' },
      { scope: 'agent:a', key: 'a' },
      { scope: 'tool:a', key: 'a' },
      { scope: 'agent:a/b', key: 'c' },
      { scope: 'agent:a', key: 'b/c' },
    ]
    expect(new Set(keys.map(entryKeyOf)).size).toBe(keys.length)
    expect(keys.map((key) => splitEntryKey(entryKeyOf(key)))).toEqual(keys)
  })

  test('SC3 a scope is an agent, a tool or a workflow with a name of 1 to 128 plain characters', () => {
    expect(scopeText({ agent: 'planner' })).toBe('agent:planner')
    expect(scopeText({ workflow: 'x'.repeat(128) })).toHaveLength(137)
    expect(scopeText({ tool: 'web:search' })).toBe('tool:web:search')
    for (const wrong of [{}, { session: 'x' }, { agent: 'a', tool: 'b' }] as unknown[]) {
      expect(codeOf(() => scopeText(wrong as SessionScope))).toBe('INVALID_ARGUMENT')
    }
    for (const wrong of ['', 'x'.repeat(129), 'a\u0000b', '\ud800']) {
      expect(codeOf(() => scopeText({ agent: wrong }))).toBe('INVALID_NAME')
    }
    for (const wrong of [7, null, 'planner', 'agent:', 'person:x', 'agent:a\u0000b']) {
      expect(codeOf(() => admitScope(wrong))).toBe('INVALID_NAME')
    }
  })

  test('SC2 what a scope holds is there after a restart, comes back with a checkpoint, and goes into forks', async () => {
    const tab = await openTab()
    const id = await created(tab, { state: { goal: 'own' } })
    const set = (value: string) =>
      tab.sessions.writeState(tab.request(), {
        target: { session: id },
        changes: [{ key: 'goal', scope: 'agent:planner', value }],
      })
    const { at } = await set('first')
    const checkpoint = await tab.sessions.save(tab.request(), { id })
    await set('second')
    const goals = async (of: typeof tab, session: typeof id) => {
      const values = valuesOf(entriesOf(await of.sessions.openState(of.request(), { session })))
      return [values.goal, values[entryKeyOf({ scope: 'agent:planner', key: 'goal' })]]
    }

    const again = await reopen(tab)
    expect(await goals(again, id)).toEqual(['own', 'second'])
    const fork = await again.sessions.fork(again.request(), { id, at })
    expect(await goals(again, fork.record.id)).toEqual(['own', 'first'])
    await again.sessions.restore(again.request(), { id, checkpoint: checkpoint.id })
    expect(await goals(again, id)).toEqual(['own', 'first'])
  })

  test('SC4 an event names the scope beside the key', async () => {
    const tab = await openTab()
    const id = await created(tab)
    await tab.sessions.writeState(tab.request(), {
      target: { session: id },
      changes: [
        { key: 'a', value: 1 },
        { key: 'a', scope: 'tool:sql', value: 2 },
      ],
    })
    expect((await eventsOf(tab, id)).at(-1)?.data).toEqual({
      changes: [
        { key: 'a', value: 1 },
        { key: 'a', scope: 'tool:sql', value: 2 },
      ],
    })
  })
})
