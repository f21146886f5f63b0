import { expect, test } from 'vitest'
import { createSessionManager } from '../../../src/core/session/manager.ts'
import { created, openTab } from './rig.ts'

test('HO59 a state write that no hook applies to reads nothing before its commit; one with a tagged hook does', async () => {
  for (const [when, reads] of [
    [{ names: ['gated'] }, false],
    [{ sessionId: 'another' as never }, false],
    [{ names: ['free'] }, true],
    [{ tags: ['x'] }, true],
  ] as const) {
    const hook = {
      id: 'gate',
      version: 1,
      point: 'state:write',
      stage: 'before',
      when,
      run: () => undefined,
    } as const
    const tab = await openTab({ hooks: [hook] })
    const id = await created(tab)
    const read: unknown[] = []
    const tables = {
      ...tab.tables,
      head: (...key: Parameters<typeof tab.tables.head>) => {
        read.push(key)
        return tab.tables.head(...key)
      },
    }
    const sessions = createSessionManager({ ...tab, tables })
    await sessions.writeState(tab.request(), {
      target: { session: id },
      changes: [{ key: 'free', value: 1 }],
    })
    expect(read.length > 0, JSON.stringify(when)).toBe(reads)
  }
})
