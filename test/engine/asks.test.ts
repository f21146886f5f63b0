import { expect, test } from 'vitest'
import { createAsks } from '../../src/engine/asks.ts'
import type { HookAsk, StepAsk, WorkerMessage } from '../../src/protocol/messages.ts'

const what = { kind: 'step' } as Partial<StepAsk> as StepAsk

test('WI38 a question that was answered listens to its signal no more', async () => {
  const listeners = new Set<unknown>()
  const signal = {
    addEventListener: (_type: string, listener: unknown) => listeners.add(listener),
    removeEventListener: (_type: string, listener: unknown) => listeners.delete(listener),
  } as Partial<AbortSignal> as AbortSignal
  const asks = createAsks('p1', () => {})
  const answered = asks.ask(what, signal)
  expect(listeners.size).toBe(1)
  asks.answer({ type: 'answer', ask: 1, outcome: { ok: true, value: 7 } })
  expect(await answered).toBe(7)
  expect(listeners.size).toBe(0)
})

test('RP28 a page is told when nobody waits for a step any more, but not of a hook, nor of what it has answered', async () => {
  const sent: WorkerMessage[] = []
  const asks = createAsks('p1', (message) => sent.push(message))
  const stopping = new AbortController()
  const hook = { kind: 'hook' } as Partial<HookAsk> as HookAsk
  const asked = [what, what, hook].map((one) => asks.ask(one, stopping.signal))
  asks.answer({ type: 'answer', ask: 1, outcome: { ok: true, value: 7 } })
  stopping.abort()
  await Promise.allSettled(asked)

  expect(sent.filter(({ type }) => type !== 'ask')).toEqual([{ type: 'unask', ask: 2 }])
})
