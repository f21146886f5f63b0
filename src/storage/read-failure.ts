/** A read that fails by itself, and leaves its transaction to the others. */
import { resultOf } from './result-of.ts'

/** The result of a request that does not take its transaction along when it fails. */
export function survivable<Result>(request: IDBRequest<Result>): Promise<Result> {
  request.addEventListener('error', (event) => event.preventDefault(), { once: true })
  return resultOf(request)
}

/** Not of a transaction that is over, or of a connection that is. */
export function isReadFailure(error: unknown): boolean {
  return error instanceof DOMException && !OVER.has(error.name)
}

const OVER: ReadonlySet<string> = new Set(['AbortError', 'InvalidStateError', 'TransactionInactiveError'])
