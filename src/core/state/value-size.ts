import type { StateValue } from './value.ts'

/**
 * The size of a value as the limits count it, in bytes: strings as UTF-8, byte arrays as they are, a number as 8, and
 * 2 more for each value and each key. Close to what a document stores, and the same on every device.
 */
export function sizeOfValue(value: StateValue): number {
  if (typeof value === 'string') return 2 + utf8Length(value)
  if (typeof value === 'number') return 10
  if (typeof value !== 'object' || value === null) return 2
  if (value instanceof Uint8Array) return 2 + value.byteLength
  let size = 2
  if (Array.isArray(value)) {
    for (const item of value) size += sizeOfValue(item)
    return size
  }
  for (const [key, item] of Object.entries(value)) size += 2 + utf8Length(key) + sizeOfValue(item)
  return size
}

function utf8Length(text: string): number {
  let length = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    // A surrogate pair takes 4 bytes for its 2 units: 2 more than the units, 1 for each half.
    if (unit > 0x7f) length += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1
  }
  return length
}
