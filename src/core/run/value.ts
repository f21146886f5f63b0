/**
 * Step values: what a step may take and give. They are recorded as state values, in which everything that state cannot
 * hold stands in a tagged object. Page and worker encode and decode alike.
 */
import { createError, type HoldfastError } from '../errors.ts'
import { VALUE_DEPTH_LIMIT } from '../state/admit.ts'
import type { StateValue } from '../state/value.ts'
import type { StepCodec } from './codec.ts'

/** Marks a tagged object. An object of the app's own with this key is wrapped in one, so nothing is mistaken. */
const TAG = '$type'

/**
 * Encodes a step's input or result: JSON values, undefined, Uint8Array, Date, Map, Set, BigInt and Blob, in any depth up
 * to 64, or whatever the step's codec makes such a value of. Answers with a promise only where there is a Blob to read.
 * @throws INVALID_VALUE for anything else, naming the path
 */
export function encodeStepValue(value: unknown, codec?: StepCodec): StateValue | Promise<StateValue> {
  const walk: Walk = { keys: [], ancestors: [], blobs: [] }
  const encoded = encode(codec ? codec.encode(value) : value, walk)
  if (walk.blobs.length === 0) return encoded
  return Promise.all(walk.blobs.map(readBlob)).then(() => encoded)
}

/**
 * Gives back the value that was encoded; objects and arrays are new ones.
 * @throws INVALID_VALUE for a tag that this build does not know
 */
export function decodeStepValue(value: StateValue, codec?: StepCodec): unknown {
  const decoded = decode(value)
  return codec ? codec.decode(decoded) : decoded
}

interface Walk {
  readonly keys: (string | number)[]
  readonly ancestors: object[]
  readonly blobs: BlobSlot[]
}

/** Where a Blob's bytes go once they are read. */
interface BlobSlot {
  readonly blob: Blob
  readonly tagged: { value: Uint8Array }
}

async function readBlob({ blob, tagged }: BlobSlot): Promise<void> {
  tagged.value = new Uint8Array(await blob.arrayBuffer())
}

function encode(value: unknown, walk: Walk): StateValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (!Number.isFinite(value)) throw refusal(walk, String(value))
      return value === 0 ? 0 : value
    case 'undefined':
      return { [TAG]: 'undefined' }
    case 'bigint':
      return { [TAG]: 'bigint', value: String(value) }
    case 'object':
      return value === null ? null : encodeObject(value, walk)
    default:
      throw refusal(walk, `a ${typeof value}`)
  }
}

function encodeObject(value: object, walk: Walk): StateValue {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (value instanceof Date) return { [TAG]: 'date', value: timeOf(value, walk) }
  if (value instanceof Blob) return encodeBlob(value, walk)
  if (walk.ancestors.includes(value)) throw refusal(walk, 'a cycle')
  if (walk.ancestors.length >= VALUE_DEPTH_LIMIT)
    throw refusal(walk, `nested deeper than ${VALUE_DEPTH_LIMIT} levels`)
  walk.ancestors.push(value)
  const encoded = encodeContainer(value, walk)
  walk.ancestors.pop()
  return encoded
}

function encodeContainer(value: object, walk: Walk): StateValue {
  if (Array.isArray(value)) return encodeList(value, walk)
  if (value instanceof Map)
    return {
      [TAG]: 'map',
      value: [...value].map((pair, at) => inside(walk, at, () => encodeList(pair, walk))),
    }
  if (value instanceof Set) return { [TAG]: 'set', value: encodeList([...value], walk) }
  if (!isPlain(value)) throw refusal(walk, 'an object of a class; give the step a codec for it')
  const entries = Object.entries(value).map(
    ([key, inner]) => [key, inside(walk, key, () => encode(inner, walk))] as const,
  )
  const encoded = Object.fromEntries(entries)
  return Object.hasOwn(encoded, TAG) ? { [TAG]: 'object', value: encoded } : encoded
}

function encodeList(values: readonly unknown[], walk: Walk): readonly StateValue[] {
  // By index, since map would leave the holes of a sparse array.
  return Array.from(values, (inner, at) => inside(walk, at, () => encode(inner, walk)))
}

function encodeBlob(blob: Blob, walk: Walk): StateValue {
  const tagged = { [TAG]: 'blob', mime: blob.type, value: new Uint8Array() }
  walk.blobs.push({ blob, tagged })
  return tagged
}

function inside<T>(walk: Walk, key: string | number, encodeInner: () => T): T {
  walk.keys.push(key)
  const encoded = encodeInner()
  walk.keys.pop()
  return encoded
}

function timeOf(date: Date, walk: Walk): number {
  const time = date.getTime()
  if (Number.isNaN(time)) throw refusal(walk, 'an invalid Date')
  return time
}

function isPlain(value: object): boolean {
  const proto: unknown = Object.getPrototypeOf(value)
  // Object.prototype of another frame is the end of its chain too.
  return proto === null || proto === Object.prototype || Object.getPrototypeOf(proto) === null
}

function decode(value: StateValue): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (isList(value)) return value.map(decode)
  return Object.hasOwn(value, TAG) ? decodeTagged(value) : decodeMembers(value)
}

type Members = { readonly [key: string]: StateValue }

function decodeMembers(members: Members): unknown {
  return Object.fromEntries(Object.entries(members).map(([key, inner]) => [key, decode(inner)]))
}

function decodeTagged(tagged: Members): unknown {
  const { value } = tagged
  switch (tagged[TAG]) {
    case 'undefined':
      return undefined
    case 'bigint':
      return BigInt(String(value))
    case 'date':
      return new Date(Number(value))
    case 'map':
      return new Map(
        listOf(value).map((pair) => [decode(listOf(pair)[0] ?? null), decode(listOf(pair)[1] ?? null)]),
      )
    case 'set':
      return new Set(listOf(value).map(decode))
    case 'blob':
      return new Blob(value instanceof Uint8Array ? [value] : [], { type: String(tagged.mime) })
    case 'object':
      return isMembers(value) ? decodeMembers(value) : {}
    default:
      throw createError(
        'INVALID_VALUE',
        `A recorded value has the tag ${String(tagged[TAG])}, which this build does not know; reload to get the newer one.`,
        { path: '', reason: 'an unknown tag' },
      )
  }
}

function isList(value: StateValue | undefined): value is readonly StateValue[] {
  return Array.isArray(value)
}

function isMembers(value: StateValue | undefined): value is Members {
  return typeof value === 'object' && value !== null && !isList(value) && !(value instanceof Uint8Array)
}

function listOf(value: StateValue | undefined): readonly StateValue[] {
  return isList(value) ? value : []
}

function refusal(walk: Walk, reason: string): HoldfastError {
  const path = walk.keys.join('.')
  const where = path === '' ? 'The value of a step' : `The value of a step at ${path}`
  return createError('INVALID_VALUE', `${where} cannot be recorded: it is ${reason}.`, { path, reason })
}
