import { createError } from '../errors.ts'
import { compilePattern } from '../timeline/patterns.ts'
import { isSeverity, type Severity } from './severity.ts'

/**
 * What a comparison overlooks. A rule names places: a field's name at any depth (`timestamp`), or a pattern of the whole
 * path (`rows.*.id`), in which a star stands for one or more characters.
 */
export interface CompareOptions {
  /** Places that are not looked at, with all that is below them. */
  readonly ignore?: readonly string[]
  /** Lists whose order does not count; `''` for a result that is a list itself. */
  readonly unordered?: readonly string[]
  /** How much a difference at these places means; the first rule that fits holds. */
  readonly severities?: readonly { readonly path: string; readonly severity: Severity }[]
  /** Lesser differences are told and do not change the verdict. @defaultValue 'info': every difference counts */
  readonly threshold?: Severity
}

export interface CompareRules {
  isIgnored(path: string): boolean
  isUnordered(path: string): boolean
  severityOf(path: string, otherwise: Severity): Severity
  readonly threshold: Severity
}

/** @throws INVALID_ARGUMENT for a rule that names no place, and for a severity that there is not */
export function compileRules({
  ignore = [],
  unordered = [],
  severities = [],
  threshold = 'info',
}: CompareOptions = {}): CompareRules {
  for (const [name, list] of Object.entries({ ignore, unordered, severities })) assertList(name, list)
  const ignored = ignore.map(placeOf)
  const free = unordered.map((rule) => (rule === '' ? isWhole : placeOf(rule)))
  const graded = severities.map(({ path, severity }) => ({
    fits: placeOf(path),
    severity: admitSeverity(severity),
  }))
  return {
    isIgnored: (path) => ignored.some((fits) => fits(path)),
    isUnordered: (path) => free.some((fits) => fits(path)),
    severityOf: (path, otherwise) => graded.find(({ fits }) => fits(path))?.severity ?? otherwise,
    threshold: admitSeverity(threshold),
  }
}

function assertList(name: string, list: unknown): void {
  if (Array.isArray(list) && list.every((rule) => typeof rule === 'string' || Object(rule) === rule)) return
  throw createError('INVALID_ARGUMENT', `compare.${name} is a list of rules, not ${JSON.stringify(list)}.`, {
    path: `compare.${name}`,
  })
}

function isWhole(path: string): boolean {
  return path === ''
}

function placeOf(rule: string): (path: string) => boolean {
  const fits = compilePattern(rule)
  if (/[.*]/.test(rule)) return fits
  return (path) => path === rule || path.endsWith(`.${rule}`)
}

function admitSeverity(severity: unknown): Severity {
  if (isSeverity(severity)) return severity
  throw createError(
    'INVALID_ARGUMENT',
    `${JSON.stringify(severity)} is no severity; give info, minor, major or critical.`,
    { path: 'compare', severity },
  )
}
