/** The part of `Symbol` that this is about; browsers without `using` (WebKit) have none of it. */
interface Disposing {
  readonly asyncDispose?: typeof Symbol.asyncDispose
}

/**
 * `Symbol.asyncDispose`. Where the browser has none it is the symbol that compilers look for in its place, so that a
 * handle ends by a compiled `await using` there too.
 */
export const asyncDispose: typeof Symbol.asyncDispose = asyncDisposeOf(Symbol)

export function asyncDisposeOf(known: Disposing): typeof Symbol.asyncDispose {
  // No unique symbol can be had by name: for the types it is the one that it stands for.
  return known.asyncDispose ?? (Symbol.for('Symbol.asyncDispose') as typeof Symbol.asyncDispose)
}
