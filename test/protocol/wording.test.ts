import { expect, test } from 'vitest'
import { createError, ERROR_CODES } from '../../src/core/errors.ts'
import type { WorkerMessage } from '../../src/protocol/messages.ts'
import { METHODS } from '../../src/protocol/methods.ts'
import { ERROR_CODES_SINCE, METHODS_SINCE } from '../../src/protocol/since.ts'
import { fromWireError, toWireError } from '../../src/protocol/wire-error.ts'
import { wordingFor } from '../../src/protocol/wording.ts'
import first from '../versions/first/protocol.json' with { type: 'json' }

const blocked: WorkerMessage = { type: 'blocked', tabs: 1, leftMs: 5 }
const fenced = toWireError(
  createError('CLOSED', 'outside', {}, createError('STEWARD_FENCED', 'inside', { epoch: 3 })),
)

test('VE7 whatever the first protocol had is still there, and what it lacked is listed', () => {
  const methods = Object.keys(METHODS)
  expect(methods).toEqual(expect.arrayContaining(Object.keys(first.methods)))
  expect(Object.keys(METHODS_SINCE).toSorted()).toEqual(
    methods.filter((method) => !Object.hasOwn(first.methods, method)).toSorted(),
  )
  const codes = Object.keys(ERROR_CODES)
  expect(codes).toEqual(expect.arrayContaining(first.errorCodes))
  expect(Object.keys(ERROR_CODES_SINCE).toSorted()).toEqual(
    codes.filter((code) => !first.errorCodes.includes(code)).toSorted(),
  )
})

test('VE4 a message that came later is left out, and sent to a page that knows it', () => {
  expect(wordingFor(1).message(blocked)).toBeUndefined()
  expect(wordingFor(2).message(blocked)).toEqual(blocked)
  const pong: WorkerMessage = { type: 'pong', ping: 1 }
  expect(wordingFor(1).message(pong)).toEqual(pong)
})

test('VE4 a code that came later is the one that comes nearest, among causes too, and stands in the details', () => {
  const told = wordingFor(1).message({ type: 'settled', settled: [{ id: 1, ok: false, error: fenced }] })
  expect(told).toMatchObject({
    settled: [
      {
        id: 1,
        error: {
          code: 'CLOSED',
          cause: { code: 'CONFLICT', message: 'inside', details: { epoch: 3, code: 'STEWARD_FENCED' } },
        },
      },
    ],
  })
  expect(wordingFor(2).error(fenced)).toEqual(fenced)
})

test('VE6 a code that this build has not heard of is INTERNAL, and stands in the details', () => {
  const wire = { code: 'FROM_TOMORROW', message: 'Later.', details: { id: 's1' } }
  const answer: unknown = JSON.parse(JSON.stringify(wire))
  expect(fromWireError(answer as Parameters<typeof fromWireError>[0])).toMatchObject({
    code: 'INTERNAL',
    message: 'Later.',
    details: { id: 's1', code: 'FROM_TOMORROW' },
  })
})
