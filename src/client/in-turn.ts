/** Calls one after the other, each after the one before has ended: an iterator may be asked again before it has answered. */
export function inTurn<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve()
  return () => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }
}
