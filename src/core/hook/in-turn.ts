/**
 * Work that is synchronous until something in it is not: no promise is made where every hook answers at once, so that
 * an operation whose hooks are synchronous costs no turn of the event loop.
 */
export type Soon<T> = T | Promise<T>

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' && typeof value !== 'function') return false
  return value !== null && 'then' in value && typeof value.then === 'function'
}

/** Goes on with a value: at once when it is there, else when it arrives. (A module that exports `then` cannot be imported.) */
export function andThen<T, Next>(value: Soon<T>, next: (value: T) => Soon<Next>): Soon<Next> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** Visits one after the other; the first that throws or rejects ends it. */
export function inTurn<Item>(items: readonly Item[], visit: (item: Item) => Soon<void>): Soon<void> {
  let done = 0
  for (const item of items) {
    done += 1
    const visited = visit(item)
    if (visited instanceof Promise) {
      const rest = items.slice(done)
      return visited.then(() => inTurn(rest, visit))
    }
  }
}
