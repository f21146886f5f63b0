/** Whether two stored values are equal: plain data, bytes and Blobs (by size and type); a field without value is no field. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Uint8Array || b instanceof Uint8Array) return sameBytes(a, b)
  if (a instanceof Blob || b instanceof Blob) {
    return a instanceof Blob && b instanceof Blob && a.size === b.size && a.type === b.type
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, at) => sameValue(item, b[at]))
    )
  }
  return sameFields(a, b)
}

function sameBytes(a: object, b: object): boolean {
  if (!(a instanceof Uint8Array) || !(b instanceof Uint8Array)) return false
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}

function sameFields(a: object, b: object): boolean {
  const other = new Map(fieldsOf(b))
  const own = fieldsOf(a)
  return (
    own.length === other.size &&
    own.every(([name, value]) => other.has(name) && sameValue(value, other.get(name)))
  )
}

function fieldsOf(value: object): readonly [string, unknown][] {
  return Object.entries(value).filter(([, field]) => field !== undefined)
}
