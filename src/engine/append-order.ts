/** Events that a page emitted in one turn and that fill several calls: whatever time hooks take, each comes after the one before. */
import type { Request } from '../core/request.ts'
import type { Turn } from '../core/timeline/emit.ts'
import type { AppendEvents } from '../protocol/worker-api.ts'

/**
 * Gives a call its turn among those of its page for the session: where it follows on the last of them, after that one. A
 * hook that gates the earlier one never waits for a later one: it was not asked before both were made.
 */
export type InAppendOrder = <Result>(
  request: Pick<Request, 'client'>,
  input: Pick<AppendEvents, 'sessionId' | 'follows'>,
  append: (turn: Turn) => Promise<Result>,
) => Promise<Result>

export function createAppendOrder(): InAppendOrder {
  const lastByCaller = new Map<string, Promise<void>>()
  return ({ client }, { sessionId, follows }, append) => {
    const caller = `${client} ${sessionId}`
    const before = follows === true ? lastByCaller.get(caller) : undefined
    let take = () => {}
    const taken = new Promise<void>((resolve) => {
      take = resolve
    })
    lastByCaller.set(caller, taken)
    return append({ before, take }).finally(() => {
      take()
      if (lastByCaller.get(caller) === taken) lastByCaller.delete(caller)
    })
  }
}
