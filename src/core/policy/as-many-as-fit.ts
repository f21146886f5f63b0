import { type HoldfastError, isHoldfastError } from '../errors.ts'

/** Stores as many of these as a limit lets pass, from the first on. */
export async function asManyAsFit<Item, Written>(
  items: readonly Item[],
  /** @param refusal why those behind them are not stored with them */
  store: (items: readonly Item[], refusal?: HoldfastError) => Promise<Written>,
): Promise<{
  readonly written: Written
  /** Why the rest was not stored; absent where all of it was. */
  readonly error?: HoldfastError
}> {
  let fitting = items
  let refusal: { readonly error?: HoldfastError } = {}
  for (;;) {
    try {
      return { written: await store(fitting, refusal.error), ...refusal }
    } catch (error) {
      const left = fittingOf(error, fitting)
      if (left === undefined) throw error
      refusal = { error: error as HoldfastError }
      fitting = fitting.slice(0, left)
    }
  }
}

/** How many of several that were refused together would pass by themselves; undefined where none would. */
export function fittingOf(error: unknown, items: readonly unknown[]): number | undefined {
  if (!isHoldfastError(error) || !isByLimit(error)) return undefined
  const { left } = error.details
  return typeof left === 'number' && left > 0 && left < items.length ? left : undefined
}

export function isByLimit({ code }: HoldfastError): boolean {
  return code === 'LIMIT_EXCEEDED' || code === 'RATE_LIMITED'
}
