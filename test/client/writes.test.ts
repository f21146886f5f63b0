import { expect, test } from 'vitest'
import { createWriteLedger } from '../../src/client/writes.ts'
import type { StreamId } from '../../src/core/ids.ts'

const one = 's1' as StreamId
const other = 's2' as StreamId

function ledgerOf() {
  const errors: unknown[] = []
  const ledger = createWriteLedger((error) => errors.push(error))
  const seen: string[] = []
  ledger.of(one).subscribe((state) => seen.push(state))
  return { ledger, seen, errors }
}

test('PG106 a write is provisional until it is stored, and durable once the barrier was passed that covers it', () => {
  const { ledger, seen } = ledgerOf()
  const first = ledger.begin(one)
  const second = ledger.begin(one)
  first(3)
  expect(ledger.of(one).state).toBe('provisional')
  second()
  expect(ledger.of(one).state).toBe('stored')
  ledger.passed(2)
  expect(ledger.of(one).state).toBe('stored')
  ledger.passed(3)
  expect(ledger.of(one).state).toBe('durable')
  expect(seen).toEqual(['provisional', 'stored', 'durable'])
})

test('PG106 the answer may come after the message of the barrier that covers it', () => {
  const { ledger, seen } = ledgerOf()
  const write = ledger.begin(one)
  ledger.passed(1)
  write(1)
  expect(seen).toEqual(['provisional', 'durable'])
})

test('PG106 each session stands for itself, and all of them together for the store', () => {
  const { ledger } = ledgerOf()
  const here = ledger.begin(one)
  const there = ledger.begin(other)
  here()
  expect([ledger.of(one).state, ledger.of(other).state, ledger.all.state]).toEqual([
    'durable',
    'provisional',
    'provisional',
  ])
  there(1)
  const nowhere = ledger.begin(undefined)
  expect(ledger.of(other).state).toBe('stored')
  expect(ledger.all.state).toBe('provisional')
  nowhere()
  ledger.passed(1)
  expect(ledger.all.state).toBe('durable')
})

test('PG106 what a dead worker stored and did not make safe is durable after the first barrier of the next', () => {
  const { ledger, seen } = ledgerOf()
  const lost = ledger.begin(one)
  ledger.begin(one)(7)
  expect(ledger.restart()).toBe(true)
  lost(1)
  expect(ledger.of(one).state).toBe('stored')
  ledger.passed(1)
  expect(seen).toEqual(['provisional', 'stored', 'durable'])
  expect(ledger.restart()).toBe(false)
  expect(ledger.of(one).state).toBe('durable')
})

test('PG106 a listener that throws is reported and stops nobody; one that was taken out hears nothing', () => {
  const { ledger, seen, errors } = ledgerOf()
  const stop = ledger.of(one).subscribe(() => {
    throw new Error('mine')
  })
  const write = ledger.begin(one)
  stop()
  write()
  expect(errors).toHaveLength(1)
  expect(seen).toEqual(['provisional', 'durable'])
})
