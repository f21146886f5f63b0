/** A read that fails by itself, and leaves its transaction to the others. */
/** The result of a request that does not take its transaction along when it fails. */
export function survivable<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = (event) => {
      event.preventDefault()
      reject(request.error)
    }
  })
}

/** Not of a transaction that is over, or of a connection that is. */
export function isReadFailure(error: unknown): boolean {
  return error instanceof DOMException && !OVER.has(error.name)
}

const OVER: ReadonlySet<string> = new Set(['AbortError', 'InvalidStateError', 'TransactionInactiveError'])
