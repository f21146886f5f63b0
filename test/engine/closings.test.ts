import { expect, test } from 'vitest'
import type { StreamId } from '../../src/core/ids.ts'
import { createAsks } from '../../src/engine/asks.ts'
import { createClosings } from '../../src/engine/closings.ts'
import type { WorkerMessage } from '../../src/protocol/messages.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

const STREAM = 's1' as StreamId

test('SC21 keys that are told one after the other are heard when the page has answered for all of them', async () => {
  const sent: WorkerMessage[] = []
  const asks = createAsks('page', (message) => sent.push(message))
  const closings = createClosings(fakeClock(), () => [{ name: 'page', tells: true, asks }])
  const answer = (ask: number) =>
    asks.answer({ type: 'answer', ask, outcome: { ok: true, value: undefined } })
  closings.close(STREAM, ['first'])
  closings.close(STREAM, ['second'])
  expect(sent).toMatchObject([{ what: { keys: ['first'] } }, { what: { keys: ['second'] } }])
  let isHeard = false
  const heard = closings.heard?.then(() => {
    isHeard = true
  })

  answer(2)
  await new Promise(setImmediate)
  expect(isHeard).toBe(false)
  answer(1)
  await heard
  expect(closings.heard).toBeUndefined()
})

test('SC21 a page that does not answer is waited for 250 ms, and its question is not kept', async () => {
  const clock = fakeClock()
  const signals: (AbortSignal | undefined)[] = []
  const ask = (_what: unknown, signal?: AbortSignal) => {
    signals.push(signal)
    return new Promise(() => {})
  }
  const closings = createClosings(clock, () => [{ name: 'page', tells: true, asks: { ask } }])
  closings.close(STREAM, ['key'])
  const { heard } = closings
  clock.advance(249)
  expect(signals[0]?.aborted).toBe(false)
  clock.advance(1)
  await heard
  expect(signals[0]?.aborted).toBe(true)
  expect(closings.heard).toBeUndefined()
})
