import { expect, test } from 'vitest'
import type { StreamId } from '../../src/core/ids.ts'
import { createClosedKeys } from '../../src/engine/closed-keys.ts'

const START = { entries: [], tail: [], upTo: 0 }
const stream = (name: string) => name as StreamId

test('SC21 a key that is told while its stream is read first, or before, is closed when it was read', () => {
  const keys = createClosedKeys()
  keys.close(stream('one'), ['first'])
  keys.close(stream('one'), ['second'])
  keys.begin(stream('one'), START)
  const isOpen = (key: string) => keys.isOpen(stream('one'), key)
  expect(['first', 'second', 'third'].map(isOpen)).toEqual([false, false, true])
  // What was told of a stream is told once: the log has it by the time in which it is read again.
  keys.end(stream('one'))
  keys.begin(stream('one'), START)
  expect(['first', 'second', 'third'].map(isOpen)).toEqual([true, true, true])
})

test('SC21 of streams that nobody reads the oldest are forgotten', () => {
  const keys = createClosedKeys()
  for (let at = 0; at <= 256; at += 1) keys.close(stream(`s${at}`), ['k'])
  for (const name of ['s0', 's1']) keys.begin(stream(name), START)
  expect(keys.isOpen(stream('s0'), 'k')).toBe(true)
  expect(keys.isOpen(stream('s1'), 'k')).toBe(false)
})
