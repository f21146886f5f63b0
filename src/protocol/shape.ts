import { createError } from '../core/errors.ts'

/** Tests one value that came from outside. */
export type Check = (value: unknown) => boolean

export const text: Check = (value) => typeof value === 'string'
export const flag: Check = (value) => typeof value === 'boolean'
/** Ids of calls, asks and watches, and counts. */
export const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
export const duration: Check = (value) =>
  typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY
export const anything: Check = () => true
export const bytes: Check = (value) => value instanceof Uint8Array

export const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value)

export const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)

export const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)

export const recordOf =
  (check: Check): Check =>
  (value) =>
    isPlain(value) && Object.values(value).every(check)

export const shape =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    wrongField(fields, value) === undefined

export type FieldsByType = Readonly<Record<string, Readonly<Record<string, Check>>>>

/** @throws INVALID_ARGUMENT naming the message and the field that does not fit */
export function assertShape(name: string, fields: Readonly<Record<string, Check>>, value: unknown): void {
  const path = wrongField(fields, value)
  if (path !== undefined) throw refused(name, path)
}

/** @throws INVALID_ARGUMENT naming the type and the field that does not fit */
export function assertTyped(name: string, fieldsByType: FieldsByType, value: unknown): void {
  const path = whatIsWrong(fieldsByType, value)
  if (path !== undefined) throw refused(name, path)
}

/** A message: an object that says its type. */
export function isTyped(value: unknown): value is { readonly type: string } {
  return isPlain(value) && typeof value.type === 'string'
}

/** Names the first field that does not fit; an empty text when the value is no plain object at all. */
function wrongField(fields: Readonly<Record<string, Check>>, value: unknown): string | undefined {
  if (!isPlain(value)) return ''
  return Object.keys(fields).find((field) => !fields[field]?.(value[field]))
}

function whatIsWrong(fieldsByType: FieldsByType, value: unknown): string | undefined {
  if (!isTyped(value) || !Object.hasOwn(fieldsByType, value.type)) return 'type'
  const { type } = value
  const field = wrongField(fieldsByType[type] ?? {}, value)
  return field === undefined ? undefined : `${type}.${field}`
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refused(name: string, path: string): Error {
  const where = path === '' ? 'it is no object' : `its field ${path} does not fit`
  return createError('INVALID_ARGUMENT', `A ${name} from the other side of the wire was refused: ${where}.`, {
    name,
    path,
  })
}
