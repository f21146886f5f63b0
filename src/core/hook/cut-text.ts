/** The first characters of a text, at most `maxLength` UTF-16 code units and never half of a surrogate pair. */
export function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  const last = text.charCodeAt(maxLength - 1)
  const isHalf = last >= 0xd800 && last <= 0xdbff
  return text.slice(0, isHalf ? maxLength - 1 : maxLength)
}

/** JSON in which byte arrays show their length only. */
export function textOf(value: unknown): string {
  return (
    JSON.stringify(value, (_key, item: unknown) =>
      item instanceof Uint8Array ? `<${item.byteLength} bytes>` : item,
    ) ?? ''
  )
}
