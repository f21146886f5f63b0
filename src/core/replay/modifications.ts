import { createError } from '../errors.ts'
import { isList } from '../state/same-value.ts'
import type { StateValue } from '../state/value.ts'
import { compilePattern } from '../timeline/patterns.ts'

/** A change of recorded inputs, for a replay in mode `modified` or `debug`. */
export interface Modification {
  /** Pattern of the `name@version` of the steps it is for. @defaultValue every step */
  readonly step?: string
  /** The key of the one step it is for. @defaultValue every key */
  readonly key?: string
  /** Where in the input, dotted (`rows.0.id`), or as a list where a key holds a dot; empty for the whole. */
  readonly path: string | readonly (string | number)[]
  /** Stands there then; without one, what stands there is taken out. */
  readonly value?: StateValue
}

/** One input that a modification changed. */
export interface Modified {
  readonly step: string
  readonly key: string
  readonly path: string
  /** null where there was none, or is none now. */
  readonly from: StateValue
  readonly to: StateValue
}

/** How often each modification was made; one that fits nowhere has 0. */
export interface ModificationCount {
  readonly path: string
  readonly step?: string
  readonly key?: string
  readonly applied: number
}

export interface Modifying {
  /** The input as it is to be, and what was changed in it. */
  apply(
    step: { readonly step: string; readonly key: string },
    input: StateValue,
  ): { readonly input: StateValue; readonly modified: readonly Modified[] }
  counts(): readonly ModificationCount[]
}

/** @throws INVALID_ARGUMENT for a pattern that is none */
export function createModifying(modifications: readonly Modification[]): Modifying {
  const known = modifications.map((modification) => ({
    modification,
    path: pathOf(modification),
    fits: modification.step === undefined ? () => true : compilePattern(modification.step),
    applied: 0,
  }))
  return {
    apply({ step, key }, recorded) {
      let input = recorded
      const modified: Modified[] = []
      for (const one of known) {
        const { modification, path, fits } = one
        if (!fits(step) || (modification.key !== undefined && modification.key !== key)) continue
        const changed = put(input, path, modification.value)
        if (changed === undefined) continue
        one.applied += 1
        input = changed.value
        modified.push({
          step,
          key,
          path: path.join('.'),
          from: changed.from ?? null,
          to: modification.value ?? null,
        })
      }
      return { input, modified }
    },
    counts: () =>
      known.map(({ modification: { step, key }, path, applied }) => ({
        path: path.join('.'),
        applied,
        ...(step === undefined ? {} : { step }),
        ...(key === undefined ? {} : { key }),
      })),
  }
}

function pathOf({ path }: Modification): readonly string[] {
  if (typeof path === 'string') return path === '' ? [] : path.split('.')
  return path.map(String)
}

interface Changed {
  readonly value: StateValue
  readonly from: StateValue | undefined
}

/** A copy with the change; undefined where the path leads nowhere. A last member that is not there yet is added. */
function put(value: StateValue, path: readonly string[], to: StateValue | undefined): Changed | undefined {
  const [key, ...rest] = path
  if (key === undefined) return { value: to ?? null, from: value }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return undefined
  return isList(value) ? putInList(value, Number(key), rest, to) : putInObject(value, key, rest, to)
}

function putInList(
  list: readonly StateValue[],
  at: number,
  rest: readonly string[],
  to: StateValue | undefined,
): Changed | undefined {
  if (!Number.isInteger(at) || at < 0 || at > list.length) return undefined
  const from = list[at]
  if (rest.length === 0) {
    if (from === undefined && to === undefined) return undefined
    return { value: list.toSpliced(at, 1, ...(to === undefined ? [] : [to])), from }
  }
  const inner = from === undefined ? undefined : put(from, rest, to)
  return inner && { value: list.with(at, inner.value), from: inner.from }
}

function putInObject(
  object: { readonly [key: string]: StateValue },
  key: string,
  rest: readonly string[],
  to: StateValue | undefined,
): Changed | undefined {
  const from = Object.hasOwn(object, key) ? object[key] : undefined
  if (rest.length === 0) {
    if (from === undefined && to === undefined) return undefined
    return { value: withMember(object, key, to), from }
  }
  const inner = from === undefined ? undefined : put(from, rest, to)
  return inner && { value: withMember(object, key, inner.value), from: inner.from }
}

/** A key of `__proto__` is a member like any other. */
function withMember(
  object: { readonly [key: string]: StateValue },
  key: string,
  value: StateValue | undefined,
) {
  const others = Object.entries(object).filter(([name]) => name !== key)
  return Object.fromEntries(value === undefined ? others : [...others, [key, value]])
}

/** @throws INVALID_ARGUMENT for what is none, naming the place in the list */
export function assertModifications(given: unknown): asserts given is readonly Modification[] {
  if (!Array.isArray(given)) throw notOne('modifications', given)
  given.forEach((one: unknown, at) => {
    const { path, step, key } = Object(one) as Record<keyof Modification, unknown>
    const isPath =
      typeof path === 'string' ||
      (Array.isArray(path) && path.every((part) => typeof part === 'string' || typeof part === 'number'))
    const isNamed = [step, key].every((name) => name === undefined || typeof name === 'string')
    if (!isPath || !isNamed) throw notOne(`modifications.${at}`, one)
  })
}

function notOne(path: string, given: unknown): Error {
  return createError(
    'INVALID_ARGUMENT',
    `${JSON.stringify(given)} is no modification; give { path, value }, and a step's name or key where not every step is meant.`,
    { path },
  )
}
