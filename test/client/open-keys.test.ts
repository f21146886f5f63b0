import { expect, test } from 'vitest'
import { OpenKeys } from '../../src/client/open-keys.ts'
import type { EventId } from '../../src/core/ids.ts'
import { ASIDE_KEY } from '../../src/core/state/aside.ts'

const at = '1' as EventId
const aside = { class: 'sensitive', domain: 'session', content: 'sha256:1', sizeBytes: 1 }
const held = { [ASIDE_KEY]: aside }

test('SC21 a page tells nothing of a stream that was not read, or is read anew', () => {
  const keys = new OpenKeys(new Set(), () => false)
  const changes = [{ key: 'k', value: 1 }]
  expect(keys.areOpen(changes)).toBe(false)
  keys.read([])
  expect(keys.areOpen(changes)).toBe(true)
  keys.unread()
  expect(keys.areOpen(changes)).toBe(false)
})

test('SC21 a page tells nothing of a key that holds a sensitive value, held one, or is about to', () => {
  const heard = new Set(['heard'])
  const keys = new OpenKeys(heard, (key) => key === 'declared')
  keys.read(['read'])
  keys.take([{ key: 'patched', at, value: held }])
  keys.take([{ key: 'patched', at }])
  keys.note({ key: 'written', value: 1, class: 'sensitive' })
  heard.add('later')
  for (const key of ['heard', 'declared', 'read', 'patched', 'written', 'later'])
    expect(
      keys.areOpen([
        { key: 'open', value: 1 },
        { key, value: 1 },
      ]),
    ).toBe(false)
  expect(keys.areOpen([{ key: 'open', value: 1 }, { key: 'other' }])).toBe(true)
  // Who says so makes it open, but not what the worker's app declares.
  expect(keys.areOpen([{ key: 'read', value: 1, class: 'standard' }])).toBe(true)
  expect(keys.areOpen([{ key: 'declared', value: 1, class: 'standard' }])).toBe(false)
  expect(keys.areOpen([{ key: 'declared', scope: 'agent:planner', value: 1 }])).toBe(true)
  for (const kept of ['sensitive', 'archive'] as const)
    expect(keys.areOpen([{ key: 'open', value: 1, class: kept }])).toBe(false)
})
