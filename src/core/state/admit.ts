/**
 * Admission of values: what the caller gave becomes a deep, frozen copy that state can hold, or an error that names
 * the path. One walk does all of it, because a write is seen by its page at once and must not wait: structuredClone
 * alone takes 20 times as long for a small value.
 */
import { createError, type HoldfastError } from '../errors.ts'
import { ASIDE_KEY, isAsideClass } from './aside.ts'
import { admitScope } from './scope.ts'
import { LONE_SURROGATE, UNNAMEABLE } from './text.ts'
import type { StateValue } from './value.ts'
import { sizeOfValue } from './value-size.ts'
import type { WriteChange } from './write-change.ts'

/** Largest value of one key, in bytes as {@link sizeOfValue} counts them. Larger things are artifacts. */
export const VALUE_LIMIT_BYTES = 65_536

/** How many objects and arrays may stand inside each other: far below what a recursive reader's stack takes. */
export const VALUE_DEPTH_LIMIT = 64

/** Longest key, in UTF-16 code units. */
export const KEY_LIMIT = 256

/**
 * Copies a value into one that state can hold: JSON plus Uint8Array. The copy is frozen, but for the content of byte
 * arrays, which JavaScript cannot freeze. -0 becomes 0, as in JSON; accessors are read once; array elements only, no
 * named properties of an array.
 * @param path where the value stands, for the error: `metadata`
 * @throws INVALID_VALUE when something in it cannot be kept; details.path and details.reason say where and what
 * @throws VALUE_TOO_LARGE above {@link VALUE_LIMIT_BYTES}
 */
export function admitState(value: unknown, path = ''): StateValue {
  const walk: Walk = { root: path, keys: [], bound: 0, ancestors: [] }
  const copy = copyOf(value, walk)
  if (walk.bound > VALUE_LIMIT_BYTES) {
    const sizeBytes = sizeOfValue(copy)
    if (sizeBytes > VALUE_LIMIT_BYTES) throw tooLarge(path, sizeBytes)
  }
  return copy
}

/**
 * Checks the key of a state value: 1 to {@link KEY_LIMIT} characters, no control characters, no half surrogates.
 * @throws INVALID_NAME otherwise
 */
export function admitKey(key: unknown): string {
  const reason = whyNoKey(key)
  if (reason !== undefined) {
    throw createError(
      'INVALID_NAME',
      `A state key ${reason}; choose a key of 1 to ${KEY_LIMIT} plain characters.`,
      { reason },
    )
  }
  return String(key)
}

/**
 * Checks and copies the changes of one state write; without a value (or with undefined) a change deletes its key.
 * @throws INVALID_ARGUMENT when this is no list of changes, or for a class that is none of those kept aside
 * @throws INVALID_NAME, INVALID_VALUE, VALUE_TOO_LARGE as {@link admitKey} and {@link admitState} do
 */
export function admitChanges(changes: unknown): readonly WriteChange[] {
  if (!Array.isArray(changes)) {
    throw createError('INVALID_ARGUMENT', 'A state write needs a list of changes.', { path: 'changes' })
  }
  return changes.map((change: unknown, at) => {
    if (typeof change !== 'object' || change === null || !('key' in change)) {
      throw createError('INVALID_ARGUMENT', `Change ${at} of a state write has no key.`, {
        path: `changes.${at}`,
      })
    }
    const key = admitKey(change.key)
    const value = 'value' in change ? change.value : undefined
    const scope = 'scope' in change ? change.scope : undefined
    return {
      key,
      ...(scope === undefined ? {} : { scope: admitScope(scope) }),
      ...(value === undefined ? {} : { value: admitState(value, key) }),
      ...('class' in change && change.class !== undefined ? { class: admitClass(change.class, at) } : {}),
    }
  })
}

function admitClass(given: unknown, at: number): NonNullable<WriteChange['class']> {
  if (isAsideClass(given) || given === 'standard') return given
  throw createError(
    'INVALID_ARGUMENT',
    `Change ${at} of a state write has the class ${JSON.stringify(given)}; give standard, sensitive or archive, or none.`,
    { path: `changes.${at}.class` },
  )
}

interface Walk {
  /** Path of the value itself. */
  readonly root: string
  /** Keys from the value down to where the walk stands. */
  readonly keys: (string | number)[]
  readonly ancestors: object[]
  /** Never below the size of what was copied so far, at most three times it. */
  bound: number
}

/** UTF-8 takes at most three bytes for each UTF-16 code unit, so this bound needs no look at the text. */
const BYTES_PER_UNIT = 3

function copyOf(value: unknown, walk: Walk): StateValue {
  switch (typeof value) {
    case 'string':
      if (LONE_SURROGATE.test(value)) throw refusal(walk, 'a string with half a surrogate pair')
      grow(walk, 2 + value.length * BYTES_PER_UNIT)
      return value
    case 'number':
      if (!Number.isFinite(value)) throw refusal(walk, String(value))
      grow(walk, 10)
      return value === 0 ? 0 : value
    case 'boolean':
      grow(walk, 2)
      return value
    case 'object':
      grow(walk, 2)
      return value === null ? null : copyOfObject(value, walk)
    default:
      throw refusal(walk, typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`)
  }
}

/** The exact size is counted only for what may be near the limit; far above it the walk stops at once. */
function grow(walk: Walk, bytes: number): void {
  walk.bound += bytes
  if (walk.bound > VALUE_LIMIT_BYTES * BYTES_PER_UNIT) throw tooLarge(walk.root, undefined)
}

function copyOfObject(value: object, walk: Walk): StateValue {
  if (isBytes(value)) {
    grow(walk, value.byteLength)
    return new Uint8Array(value)
  }
  if (walk.ancestors.length >= VALUE_DEPTH_LIMIT) {
    throw refusal(
      walk,
      walk.ancestors.includes(value) ? 'a cycle' : `nested deeper than ${VALUE_DEPTH_LIMIT} levels`,
    )
  }
  walk.ancestors.push(value)
  const copy = copyOfContainer(value, walk)
  walk.ancestors.pop()
  return copy
}

function copyOfContainer(value: object, walk: Walk): StateValue {
  if (Array.isArray(value) && isPlainArray(value)) return copyOfArray(value, walk)
  if (isPlainObject(value)) return copyOfRecord(value, walk)
  throw refusal(walk, describe(value))
}

function copyOfArray(source: readonly unknown[], walk: Walk): StateValue {
  const copy: StateValue[] = []
  for (let index = 0; index < source.length; index++) {
    walk.keys.push(index)
    const item = source[index]
    if (item === undefined && !(index in source)) throw refusal(walk, 'an empty slot of an array')
    copy.push(copyOf(item, walk))
    walk.keys.pop()
  }
  return Object.freeze(copy)
}

function copyOfRecord(source: PlainObject, walk: Walk): StateValue {
  const copy: Record<string, StateValue> = {}
  for (const key of Object.keys(source)) {
    walk.keys.push(key)
    // Readers of the stored form assign keys one by one, which would set the prototype instead.
    if (key === '__proto__') throw refusal(walk, 'under the key __proto__')
    if (key === ASIDE_KEY) throw refusal(walk, 'under a key that is reserved')
    if (LONE_SURROGATE.test(key)) throw refusal(walk, 'under a key with half a surrogate pair')
    grow(walk, 2 + key.length * BYTES_PER_UNIT)
    copy[key] = copyOf(source[key], walk)
    walk.keys.pop()
  }
  if (Object.getOwnPropertySymbols(source).length > 0) throw refusal(walk, 'an object with a symbol as key')
  return Object.freeze(copy)
}

/** A byte array may come from another frame, so its tag decides and not its constructor. */
function isBytes(value: object): value is Uint8Array {
  return (
    value instanceof Uint8Array ||
    (ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]')
  )
}

type PlainObject = Readonly<Record<string, unknown>>

function isPlainObject(value: object): value is PlainObject {
  const proto: unknown = Object.getPrototypeOf(value)
  return proto === Object.prototype || proto === null || isForeignRoot(proto)
}

function isPlainArray(value: readonly unknown[]): boolean {
  const proto: unknown = Object.getPrototypeOf(value)
  return proto === Array.prototype || (Array.isArray(proto) && isForeignRoot(Object.getPrototypeOf(proto)))
}

/** `Object.prototype` of another frame is the end of its chain and owns what every one of them owns. */
function isForeignRoot(proto: unknown): boolean {
  return isObject(proto) && Object.getPrototypeOf(proto) === null && Object.hasOwn(proto, 'isPrototypeOf')
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function describe(value: object): string {
  const proto: unknown = Object.getPrototypeOf(value)
  const maker: unknown = isObject(proto) ? Reflect.get(proto, 'constructor') : undefined
  return typeof maker === 'function' && maker.name !== ''
    ? `an object of class ${maker.name}`
    : 'an object of a class'
}

function refusal({ root, keys }: Walk, reason: string): HoldfastError {
  const path = [root, ...keys].filter((part) => part !== '').join('.')
  const where = path === '' ? 'The value' : `The value at ${path}`
  return createError(
    'INVALID_VALUE',
    `${where} cannot be kept: it is ${reason}. State holds JSON values and Uint8Array.`,
    { path, reason },
  )
}

function tooLarge(path: string, sizeBytes: number | undefined): HoldfastError {
  const size = sizeBytes === undefined ? 'far more' : `${sizeBytes} bytes`
  return createError(
    'VALUE_TOO_LARGE',
    `The value${path === '' ? '' : ` at ${path}`} takes ${size} where ${VALUE_LIMIT_BYTES} bytes are the limit; store it as an artifact.`,
    { path, limitBytes: VALUE_LIMIT_BYTES, ...(sizeBytes === undefined ? {} : { sizeBytes }) },
  )
}

function whyNoKey(key: unknown): string | undefined {
  if (typeof key !== 'string') return 'is not a string'
  if (key === '') return 'is empty'
  if (key.length > KEY_LIMIT) return `has ${key.length} characters`
  if (key === '__proto__') return 'is __proto__'
  if (UNNAMEABLE.test(key)) return 'holds a control character or half a surrogate pair'
  return undefined
}
