/**
 * Values that stand aside take their time until they are stored. What is written to their keys after them waits for them, so
 * that it comes after them, and finds that its key is a sensitive one. A write that a hook makes does not wait: the write
 * it would wait for may be the one that waits for the hook.
 */
import { createError, isHoldfastError } from '../core/errors.ts'
import type { StreamId } from '../core/ids.ts'
import type { Request } from '../core/request.ts'
import type { WriteState } from '../core/session/input.ts'
import { placeOf } from '../core/session/place.ts'
import { entryKeyOf } from '../core/state/scope.ts'

export type InAsideOrder = <Result>(
  request: Pick<Request, 'hookPath' | 'signal' | 'client'>,
  input: WriteState,
  write: (explain: Explain) => Promise<Result>,
) => Promise<Result>

/** Says of an error why it may have come about. */
type Explain = (error: unknown) => unknown

interface Pending {
  readonly over: Promise<void>
  readonly client: Request['client']
  /** Another write of the same page waits for it, perhaps that of the hook that it is waiting for. */
  isAwaitedAtHome: boolean
}

export function createAsideOrder(): InAsideOrder {
  /** By stream and key of the entry, the last write that somebody would have to wait for. */
  const pending = new Map<string, Pending>()

  return ({ hookPath, signal, client }, input, write) => {
    // What is no list of changes is refused where it is written.
    if (!isList(input.changes)) return write(asItIs)
    const isAside = hasAside(input)
    if (pending.size === 0 && !isAside) return write(asItIs)
    const { stream } = placeOf(input.target)
    const keys = input.changes.map((change) => keyOf(stream, entryKeyOf(change)))
    const before = keys.flatMap((key) => pending.get(key) ?? [])
    if (before.length === 0 && !isAside) return write(asItIs)
    const awaited = hookPath.length > 0 ? [] : before
    for (const one of awaited) one.isAwaitedAtHome ||= client !== undefined && one.client === client
    const explain: Explain = (error) => (own.isAwaitedAtHome ? perhapsItself(error) : error)
    const writing = allOver(overs(awaited), signal).then(() => write(explain))
    // Who did not wait to the end is not what the next one has to wait for alone.
    const over = Promise.allSettled([...overs(before), writing]).then(() => {})
    const own: Pending = { over, client, isAwaitedAtHome: false }
    for (const key of keys) pending.set(key, own)
    void over.then(() => {
      for (const key of keys) if (pending.get(key) === own) pending.delete(key)
    })
    return writing
  }
}

function asItIs(error: unknown): unknown {
  return error
}

/** Nothing tells a hook's write from its page's, where it comes by a handle that was not bound within the hook. */
function perhapsItself(error: unknown): unknown {
  if (!isHoldfastError(error) || error.code !== 'HOOK_TIMEOUT') return error
  return createError(
    'HOOK_TIMEOUT',
    `${error.message} Another write of its page to the same key waited for this one: if it was the hook's, write through the session that the hook's context opens.`,
    error.details,
    error,
  )
}

function overs(pending: readonly Pending[]): readonly Promise<void>[] {
  return pending.map(({ over }) => over)
}

/** @throws the signal's reason, when it aborts before that */
async function allOver(before: readonly Promise<void>[], signal: AbortSignal | undefined): Promise<void> {
  const over = Promise.all(before)
  if (before.length === 0 || signal === undefined) return void (await over)
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    const giveUp = () => reject(signal.reason)
    stop = () => signal.removeEventListener('abort', giveUp)
    if (signal.aborted) giveUp()
    else signal.addEventListener('abort', giveUp)
  })
  await Promise.race([over, aborted]).finally(stop)
}

function isList(changes: unknown): boolean {
  return Array.isArray(changes) && changes.every((change) => typeof change === 'object' && change !== null)
}

function hasAside({ changes }: WriteState): boolean {
  return changes.some((change) => change.class !== undefined && change.class !== 'standard')
}

function keyOf(stream: StreamId, entryKey: string): string {
  return JSON.stringify([stream, entryKey])
}
