/**
 * Values that stand aside take their time until they are stored. What is written to their keys after them waits for them, so
 * that it comes after them, and finds that its key is a sensitive one. A write that a hook makes does not wait: the write
 * it would wait for may be the one that waits for the hook.
 */
import type { StreamId } from '../core/ids.ts'
import type { Request } from '../core/request.ts'
import type { WriteState } from '../core/session/input.ts'
import { placeOf } from '../core/session/place.ts'
import { entryKeyOf } from '../core/state/scope.ts'

export type InAsideOrder = <Result>(
  request: Pick<Request, 'hookPath' | 'signal'>,
  input: WriteState,
  write: () => Promise<Result>,
) => Promise<Result>

export function createAsideOrder(): InAsideOrder {
  /** By stream and key of the entry, the last write that somebody would have to wait for. */
  const pending = new Map<string, Promise<void>>()

  return ({ hookPath, signal }, input, write) => {
    // What is no list of changes is refused where it is written.
    if (!isList(input.changes)) return write()
    const isAside = hasAside(input)
    if (pending.size === 0 && !isAside) return write()
    const { stream } = placeOf(input.target)
    const keys = input.changes.map((change) => keyOf(stream, entryKeyOf(change)))
    const before = keys.flatMap((key) => pending.get(key) ?? [])
    if (before.length === 0 && !isAside) return write()
    const writing = allOver(hookPath.length > 0 ? [] : before, signal).then(write)
    // Who did not wait to the end is not what the next one has to wait for alone.
    const over = Promise.allSettled([...before, writing]).then(() => {})
    for (const key of keys) pending.set(key, over)
    void over.then(() => {
      for (const key of keys) if (pending.get(key) === over) pending.delete(key)
    })
    return writing
  }
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
