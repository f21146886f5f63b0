import type { StateValue } from '../state/value.ts'
import type { Redactor } from './redactor.ts'

/** The first characters of a text, at most `maxLength` UTF-16 code units and never half of a surrogate pair. */
export function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  const last = text.charCodeAt(maxLength - 1)
  const isHalf = last >= 0xd800 && last <= 0xdbff
  return text.slice(0, isHalf ? maxLength - 1 : maxLength)
}

/** What is said of a payload, without secrets: those that are known by the name of their field, too. */
export async function cleanTextOf(value: unknown, redactor: Redactor | undefined): Promise<string> {
  const text = textOf(value)
  if (redactor === undefined || text === '') return text
  const said: StateValue = JSON.parse(text)
  return JSON.stringify(await redactor.redact(said))
}

/** JSON in which byte arrays show their length only. */
function textOf(value: unknown): string {
  return (
    JSON.stringify(value, (_key, item: unknown) =>
      item instanceof Uint8Array ? `<${item.byteLength} bytes>` : item,
    ) ?? ''
  )
}
