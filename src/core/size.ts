/**
 * Estimate of how many bytes a value takes when stored: good to a factor of two, cheap enough for every write.
 */
export function sizeOf(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return value.length + 4
    case 'object':
      return value === null ? 4 : sizeOfObject(value)
    default:
      return 8
  }
}

function sizeOfObject(value: object): number {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength + 8
  if (value instanceof Blob) return value.size + 8
  let size = 8
  if (Array.isArray(value)) for (const item of value) size += sizeOf(item)
  else for (const [key, item] of Object.entries(value)) size += key.length + 4 + sizeOf(item)
  return size
}
