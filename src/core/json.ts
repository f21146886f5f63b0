/** Whether JSON gives a value back as it is. A field without value is no field. */
export function isJson(value: unknown): boolean {
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
