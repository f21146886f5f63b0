import { createError } from '../core/errors.ts'
import { OLDEST_PROTOCOL, PROTOCOL_VERSION } from './hello.ts'
import { METHODS_SINCE, sinceOf } from './since.ts'

/**
 * The newest protocol that page and worker both speak, by the page's hello, of which nothing else is read: the hello of
 * another version may have another shape.
 *
 * @throws VERSION_MISMATCH naming both
 */
export function agreeOnProtocol(hello: unknown): number {
  const { oldest, newest } = spokenBy(hello)
  const agreed = Math.min(newest, PROTOCOL_VERSION)
  if (agreed >= oldest && agreed >= OLDEST_PROTOCOL) return agreed
  throw mismatch({ page: newest, worker: PROTOCOL_VERSION })
}

/** The newest protocol that a page speaks; that of the first build where it does not say. */
export function newestOf(hello: unknown): number {
  const { newest } = spokenBy(hello)
  return Number.isNaN(newest) ? OLDEST_PROTOCOL : newest
}

/** @throws VERSION_MISMATCH when the worker did not keep to what this page speaks */
export function assertSpoken(protocol: number): void {
  if (protocol >= OLDEST_PROTOCOL && protocol <= PROTOCOL_VERSION) return
  throw mismatch({ page: PROTOCOL_VERSION, worker: protocol })
}

/**
 * Before a call is sent: an older worker knows the methods of its protocol only.
 *
 * @throws VERSION_MISMATCH naming the method and both protocols
 */
export function assertAnswered(
  method: string,
  protocol: number,
  since: Readonly<Record<string, number>> = METHODS_SINCE,
): void {
  const needed = sinceOf(since, method)
  if (needed <= protocol) return
  throw createError(
    'VERSION_MISMATCH',
    `${method} came with protocol ${needed}, and the worker speaks ${protocol}: it is of an older version of Holdfast. Reload the page.`,
    { page: PROTOCOL_VERSION, worker: protocol, method },
  )
}

/** The first build said one number; pages since say the range. */
function spokenBy(hello: unknown): { readonly oldest: number; readonly newest: number } {
  const { protocol, newest } = Object(hello) as { protocol?: unknown; newest?: unknown }
  const oldest = typeof protocol === 'number' ? protocol : Number.NaN
  return { oldest, newest: typeof newest === 'number' ? newest : oldest }
}

function mismatch(spoken: { readonly page: number; readonly worker: number }): Error {
  const { page, worker } = spoken
  return createError(
    'VERSION_MISMATCH',
    `The page speaks protocol ${page}, its worker ${worker}: they are of different versions of Holdfast. Reload the page.`,
    spoken,
  )
}
