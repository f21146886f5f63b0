import { isList } from './same-value.ts'
import type { StateValue } from './value.ts'

/**
 * A value's one text, for digests: JSON with sorted keys and no spaces, and bytes as `#` and hexadecimal digits, which
 * no JSON holds outside of strings. Equal values have equal texts, and different ones different texts.
 */
export function canonicalText(value: StateValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (value instanceof Uint8Array) return `#${hexOf(value)}`
  if (isList(value)) return `[${value.map(canonicalText).join(',')}]`
  const members = Object.entries(value).sort(byKey)
  return `{${members.map(([key, item]) => `${JSON.stringify(key)}:${canonicalText(item)}`).join(',')}}`
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}

function hexOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}
