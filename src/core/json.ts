/**
 * Values as JSON, in UTF-8 or as a text: a browser copies such a row, and a checksum walks it, several times as fast as
 * objects.
 */

const ENCODER = new TextEncoder()
const DECODER = new TextDecoder()

/** Undefined where JSON would not give the value back as it is. */
export function toJsonBytes(value: unknown): Uint8Array | undefined {
  const text = toJsonText(value)
  return text === undefined ? undefined : toUtf8(text)
}

/** Of a long text in half the time that `encode` takes, which copies it twice; of a short one that is quicker. */
export function toUtf8(text: string): Uint8Array {
  if (text.length < LONG_TEXT) return ENCODER.encode(text)
  const begin = new Uint8Array(text.length)
  const { read, written } = ENCODER.encodeInto(text, begin)
  if (read === text.length) return begin
  const end = toUtf8(text.slice(read))
  const bytes = new Uint8Array(written + end.length)
  bytes.set(begin.subarray(0, written))
  bytes.set(end, written)
  return bytes
}

const LONG_TEXT = 4_096

/** The same as a text: of a small value a browser copies that faster than bytes. */
export function toJsonText(value: unknown): string | undefined {
  return isJson(value) ? JSON.stringify(value) : undefined
}

/** Undefined where it is no JSON. */
export function fromJson(kept: Uint8Array | string): unknown {
  try {
    return JSON.parse(typeof kept === 'string' ? kept : DECODER.decode(kept))
  } catch {
    return undefined
  }
}

/** A field without value is no field. */
function isJson(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      return value === null || (Array.isArray(value) ? isJsonList(value) : isJsonRecord(value))
    default:
      return false
  }
}

function isJsonList(list: readonly unknown[]): boolean {
  for (const item of list) if (!isJson(item)) return false
  return true
}

function isJsonRecord(record: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(record)
  if (prototype !== Object.prototype && prototype !== null) return false
  const fields = record as Readonly<Record<string, unknown>>
  for (const name of Object.keys(fields)) {
    const field = fields[name]
    if (field !== undefined && !isJson(field)) return false
  }
  return true
}
