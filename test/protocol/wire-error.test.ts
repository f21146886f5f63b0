import { expect, test } from 'vitest'
import { createError, ERROR_CODES, type ErrorCode, HoldfastError, StateError } from '../../src/core/errors.ts'
import {
  errorFromData,
  fromWireError,
  isWireError,
  toForeignError,
  toWireError,
} from '../../src/protocol/wire-error.ts'

const cross = (thrown: unknown) => fromWireError(structuredClone(toWireError(thrown)))

test('WI9 an error of every code crosses as its class, with its details', () => {
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const error = createError(code, `about ${code}`, { id: 'x', list: [1, { at: new Date(7) }] })
    const crossed = cross(error)
    expect(crossed).toBeInstanceOf(error.constructor)
    expect(crossed).toMatchObject({
      code,
      message: `about ${code}`,
      details: error.details,
      name: error.name,
      retryable: error.retryable,
    })
    expect(crossed.cause).toBeUndefined()
  }
})

test('WI9 causes cross, ours and others, with their stacks', () => {
  const deep = new TypeError('deep')
  const crossed = cross(
    createError('HOOK_FAILED', 'a', {}, createError('SESSION_NOT_FOUND', 'b', { id: 1 }, deep)),
  )
  expect(crossed.cause).toBeInstanceOf(StateError)
  const { cause } = crossed.cause as HoldfastError
  expect(cause).toBeInstanceOf(Error)
  expect(cause).toMatchObject({ name: 'TypeError', message: 'deep', stack: deep.stack })
})

test('WI9 a circle of causes comes to an end', () => {
  const error = createError('CLOSED', 'round')
  Object.defineProperty(error, 'cause', { value: error })
  let depth = 0
  for (let at: unknown = cross(error); at instanceof Error; at = at.cause) depth += 1
  expect(depth).toBe(9)
})

test('WI9 what is not ours gets a code and stays as the cause', () => {
  expect(cross(new RangeError('r'))).toMatchObject({
    code: 'INTERNAL',
    details: { name: 'RangeError' },
    cause: { name: 'RangeError', message: 'r' },
  })
  expect(cross('just a text')).toMatchObject({ code: 'INTERNAL', cause: { message: 'just a text' } })
  expect(cross(undefined)).toMatchObject({ code: 'INTERNAL' })
  expect(cross(new DOMException('full', 'QuotaExceededError'))).toMatchObject({
    code: 'QUOTA_EXCEEDED',
    message: 'full',
  })
  expect(cross(new DOMException('stop', 'AbortError'))).toMatchObject({ code: 'ABORTED' })
  expect(cross(new DOMException('no', 'DataCloneError'))).toMatchObject({ code: 'INVALID_VALUE' })
  expect(cross(Object.assign(new Error('e'), { name: 'toString' }))).toMatchObject({ code: 'INTERNAL' })
})

test('WI9 details that cannot be cloned cross as text', () => {
  const crossed = cross(createError('CLOSED', 'm', { run: () => 1, mark: Symbol('s'), id: 'x' }))
  expect(crossed.details).toEqual({ run: '() => 1', mark: 'Symbol(s)', id: 'x' })
})

test('WI9 an error as data says whether it is ours', () => {
  expect(toForeignError(createError('CLOSED', 'm'))).toMatchObject({
    name: 'StateError',
    message: 'm',
    code: 'CLOSED',
  })
  expect(toForeignError(new Error('m'))).not.toHaveProperty('code')
  expect(errorFromData({ name: 'RangeError', message: 'm' })).toMatchObject({
    name: 'RangeError',
    message: 'm',
  })
  expect(errorFromData(toWireError(createError('CLOSED', 'm')))).toBeInstanceOf(HoldfastError)
  for (const junk of [
    null,
    'x',
    {},
    { code: 'toString', message: '', details: {} },
    { code: 'CLOSED', message: 1, details: {} },
    { code: 'CLOSED', message: '' },
  ])
    expect(isWireError(junk)).toBe(false)
})
