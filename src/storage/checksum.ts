/**
 * Checksums of stored rows, so that a bit that changed on the disk is noticed. Values are walked, not written out first:
 * that is half the time of JSON.
 *
 * 32 bits, folded in words of 32: `h = (h xor word) * odd; h = h xor (h >>> 15)`, a step of the finalizer of MurmurHash3
 * (Austin Appleby). Each step maps a changed word to a changed sum, and a changed sum to a changed sum: damage within one
 * word is always noticed, any other but once in 2^32. A table of CRC takes three times as long in JavaScript, where it
 * reads each byte by itself.
 */

/** A row that may carry its sum. Rows of before there were sums have none, and are taken as they are. */
export interface Summed {
  readonly sum?: number
}

/** The row with its sum. */
export function withSum<Row extends object>(row: Row): Row & { readonly sum: number } {
  return { ...row, sum: sumOf(row) }
}

/** False when the row is not what was stored. */
export function isSound(row: Summed): boolean {
  return row.sum === undefined || row.sum === sumOf(row)
}

/** Over all fields but the sum itself and `seq`, which the database gives. */
export function sumOf(row: object): number {
  let sum = START
  const fields = row as Fields
  for (const name of Object.keys(fields)) {
    if (name !== 'sum' && name !== 'seq') sum = addField(sum, name, fields[name])
  }
  return sum >>> 0
}

const START = 0x2545f491

/** Odd, so that multiplying by it loses nothing. */
const FACTOR = 0x85ebca6b | 0

/** Kinds of values, so that 1 and '1' and [1] differ. */
const KIND = {
  text: 1,
  integer: 2,
  number: 3,
  true: 4,
  false: 5,
  null: 6,
  bytes: 7,
  list: 8,
  end: 9,
  other: 10,
}

/** Walked by their names: a list of pairs takes twice as long, and what stands on a prototype is no field. */
type Fields = Readonly<Record<string, unknown>>

function addWord(sum: number, word: number): number {
  const next = Math.imul(sum ^ word, FACTOR)
  return next ^ (next >>> 15)
}

/**
 * The structured clone keeps the order of fields, so what is read is walked as what was written. A field without value
 * is no field.
 */
function addField(sum: number, name: string, field: unknown): number {
  return field === undefined ? sum : addValue(addText(sum, name), field)
}

function addValue(sum: number, value: unknown): number {
  switch (typeof value) {
    case 'string':
      return addText(addWord(sum, KIND.text), value)
    case 'number':
      return addNumber(sum, value)
    case 'boolean':
      return addWord(sum, value ? KIND.true : KIND.false)
    case 'object':
      return value === null ? addWord(sum, KIND.null) : addObject(sum, value)
    default:
      return addWord(sum, KIND.other)
  }
}

function addObject(start: number, value: object): number {
  if (value instanceof Uint8Array) return addBytes(addWord(start, KIND.bytes), value)
  let sum = start
  if (Array.isArray(value)) {
    sum = addWord(addWord(sum, KIND.list), value.length)
    for (const item of value) sum = addValue(sum, item)
    return sum
  }
  const fields = value as Fields
  for (const name of Object.keys(fields)) sum = addField(sum, name, fields[name])
  return addWord(sum, KIND.end)
}

/** Two UTF-16 units a word. */
function addText(start: number, text: string): number {
  let sum = addWord(start, text.length)
  const last = text.length - 1
  let at = 0
  for (; at < last; at += 2) sum = addWord(sum, text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16))
  return at > last ? sum : addWord(sum, text.charCodeAt(at))
}

function addBytes(start: number, bytes: Uint8Array): number {
  const { buffer, byteOffset, length } = bytes
  let sum = addWord(start, length)
  const whole = length & ~3
  if (IS_LITTLE_ENDIAN && byteOffset % 4 === 0) {
    const words = new Int32Array(buffer, byteOffset, whole / 4)
    // Written out: a call for each word is a third of the time until the loop is compiled.
    for (let at = 0; at < words.length; at += 1) {
      sum = Math.imul(sum ^ (words[at] ?? 0), FACTOR)
      sum ^= sum >>> 15
    }
  } else {
    const view = new DataView(buffer, byteOffset, length)
    for (let at = 0; at < whole; at += 4) sum = addWord(sum, view.getInt32(at, true))
  }
  for (let at = whole; at < length; at += 1) sum = addWord(sum, bytes[at] ?? 0)
  return sum
}

/** As all browsers are on all machines of today. */
const IS_LITTLE_ENDIAN = new Uint8Array(new Int32Array([1]).buffer)[0] === 1

const FLOAT = new DataView(new ArrayBuffer(8))

function addNumber(sum: number, value: number): number {
  if ((value | 0) === value && !Object.is(value, -0)) return addWord(addWord(sum, KIND.integer), value)
  FLOAT.setFloat64(0, value, true)
  return addWord(addWord(addWord(sum, KIND.number), FLOAT.getInt32(0, true)), FLOAT.getInt32(4, true))
}
