/**
 * A value as bytes: JSON, in which byte arrays are places in a tail that follows it, so that bytes stay bytes.
 *
 * 4 bytes: length of the JSON, little-endian · JSON in UTF-8 · tail. In the JSON `{"#": [start, length]}` is a byte
 * array, and `{"#": {…}}` an object of the value itself that has the only key `#`.
 */
import { createError } from '../errors.ts'
import { isList } from '../state/same-value.ts'
import type { StateValue } from '../state/value.ts'

const LENGTH_BYTES = 4
const MARK = '#'

export function encodeValue(value: StateValue): Uint8Array {
  const parts: Uint8Array[] = []
  let tailBytes = 0
  const plain = replace(value)
  const json = new TextEncoder().encode(JSON.stringify(plain))
  const bytes = new Uint8Array(LENGTH_BYTES + json.byteLength + tailBytes)
  new DataView(bytes.buffer).setUint32(0, json.byteLength, true)
  bytes.set(json, LENGTH_BYTES)
  let at = LENGTH_BYTES + json.byteLength
  for (const part of parts) {
    bytes.set(part, at)
    at += part.byteLength
  }
  return bytes

  function replace(part: StateValue): StateValue {
    if (typeof part !== 'object' || part === null) return part
    if (part instanceof Uint8Array) {
      parts.push(part)
      tailBytes += part.byteLength
      return { [MARK]: [tailBytes - part.byteLength, part.byteLength] }
    }
    if (isList(part)) return part.map(replace)
    const copy = mapEntries(part, replace)
    return isMarked(part) ? { [MARK]: copy } : copy
  }
}

/** @throws CONTENT_DAMAGED for what {@link encodeValue} did not make. */
export function decodeValue(bytes: Uint8Array): StateValue {
  try {
    const jsonBytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true)
    const tail = bytes.subarray(LENGTH_BYTES + jsonBytes)
    const json = bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + jsonBytes)
    return restore(parseJson(new TextDecoder('utf-8', { fatal: true }).decode(json)), tail)
  } catch (error) {
    throw createError(
      'CONTENT_DAMAGED',
      'A recorded value cannot be read back: its bytes are no value.',
      {},
      error,
    )
  }
}

function restore(part: StateValue, tail: Uint8Array): StateValue {
  if (typeof part !== 'object' || part === null || part instanceof Uint8Array) return part
  if (isList(part)) return part.map((item) => restore(item, tail))
  if (!isMarked(part)) return mapEntries(part, (item) => restore(item, tail))
  const marked = part[MARK]
  if (typeof marked !== 'object' || marked === null || marked instanceof Uint8Array)
    throw new TypeError('a mark on nothing')
  if (!isList(marked)) return mapEntries(marked, (item) => restore(item, tail))
  const [start, length] = marked
  if (typeof start !== 'number' || typeof length !== 'number' || start + length > tail.byteLength) {
    throw new RangeError('bytes beyond the end')
  }
  return tail.slice(start, start + length)
}

type Plain = Readonly<Record<string, StateValue>>

function mapEntries(record: Plain, change: (value: StateValue) => StateValue): Plain {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}

function isMarked(record: Plain): boolean {
  return MARK in record && Object.keys(record).length === 1
}

function parseJson(text: string): StateValue {
  return JSON.parse(text)
}
