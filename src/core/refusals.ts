/**
 * What one call refused of several things that it was asked for, as the name of its outcome keeps it: a call that is
 * repeated answers what it answered first. A limit's refusal is kept whole. Of another one the code is kept alone, since
 * what a hook says of its reason is redacted before it is written down.
 */
import { createError, type ErrorCode, type ErrorDetails, type HoldfastError } from './errors.ts'
import { isByLimit } from './policy/as-many-as-fit.ts'

export interface Refusal {
  /** The place among what was asked for. */
  readonly at: number
  readonly error: HoldfastError
}

export type Kept = readonly [code?: ErrorCode, message?: string, details?: ErrorDetails]

export function textOfRefusals(refusals: readonly Refusal[]): string {
  const placesByKept = new Map<string, number[]>()
  for (const { at, error } of refusals) {
    const kept = JSON.stringify(keptOf(error))
    const places = placesByKept.get(kept) ?? []
    placesByKept.set(kept, places)
    places.push(at)
  }
  return JSON.stringify([...placesByKept])
}

/** By their places. A build before this one kept these alone: `1,3`. */
export function refusalsIn(text: string): ReadonlyMap<number, Kept> {
  const groups: readonly [kept: string, places: readonly number[]][] = JSON.parse(
    text.startsWith('[') ? text : `[["[]",[${text}]]]`,
  )
  return new Map(groups.flatMap(([kept, places]) => places.map((at) => [at, JSON.parse(kept)])))
}

/**
 * Why something was refused when the call was first sent.
 * @param what names it in a sentence, where it has to be told anew
 */
export function refusedBefore(kept: Kept = [], what: string): HoldfastError {
  const [code = 'HOOK_CANCELLED', message = `${what} was refused when first sent.`, details] = kept
  return createError(code, message, details)
}

function keptOf(error: HoldfastError): Kept {
  return isByLimit(error) ? [error.code, error.message, error.details] : [error.code]
}
