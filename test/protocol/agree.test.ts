import { expect, test } from 'vitest'
import { agreeOnProtocol, assertAnswered, assertSpoken } from '../../src/protocol/agree.ts'
import { OLDEST_PROTOCOL, PROTOCOL_VERSION } from '../../src/protocol/hello.ts'

const mismatch = (page: unknown) =>
  expect.objectContaining({ code: 'VERSION_MISMATCH', details: { page, worker: PROTOCOL_VERSION } })

test('VE3 page and worker agree on the newest protocol that both speak', () => {
  expect(agreeOnProtocol({ protocol: 1 })).toBe(1)
  expect(agreeOnProtocol({ protocol: 1, newest: PROTOCOL_VERSION })).toBe(PROTOCOL_VERSION)
  expect(agreeOnProtocol({ protocol: 1, newest: PROTOCOL_VERSION + 5 })).toBe(PROTOCOL_VERSION)
  expect(agreeOnProtocol({ protocol: PROTOCOL_VERSION, newest: PROTOCOL_VERSION + 1 })).toBe(PROTOCOL_VERSION)
})

test('VE3, WI3: where there is none both are named, whatever else the hello holds', () => {
  const newer = PROTOCOL_VERSION + 1
  expect(() => agreeOnProtocol({ protocol: newer, newest: newer + 1 })).toThrow(mismatch(newer + 1))
  expect(() => agreeOnProtocol({ protocol: newer })).toThrow(mismatch(newer))
  expect(() => agreeOnProtocol({ protocol: OLDEST_PROTOCOL - 1 })).toThrow(mismatch(OLDEST_PROTOCOL - 1))
  for (const hello of [undefined, null, 7, {}, { protocol: 'one', newest: 'two' }])
    expect(() => agreeOnProtocol(hello)).toThrow(mismatch(Number.NaN))
})

test('VE3 a worker that answers with a protocol outside of what the page speaks is refused', () => {
  assertSpoken(OLDEST_PROTOCOL)
  assertSpoken(PROTOCOL_VERSION)
  for (const worker of [OLDEST_PROTOCOL - 1, PROTOCOL_VERSION + 1]) {
    const details = { page: PROTOCOL_VERSION, worker }
    expect(() => assertSpoken(worker)).toThrow(expect.objectContaining({ code: 'VERSION_MISMATCH', details }))
  }
})

test('VE5 a call that came with a later protocol than the worker speaks is refused by name', () => {
  const since = { 'documents.fold': 2 }
  assertAnswered('documents.fold', 2, since)
  assertAnswered('documents.list', 1, since)
  expect(() => assertAnswered('documents.fold', 1, since)).toThrow(
    expect.objectContaining({
      code: 'VERSION_MISMATCH',
      details: { page: PROTOCOL_VERSION, worker: 1, method: 'documents.fold' },
    }),
  )
})
