import type { RequestId, StreamId } from '../core/ids.ts'
import type { Entry } from '../core/state/delta.ts'
import { deltasOf } from '../core/state/fold.ts'
import type { WorkerMessage } from '../protocol/messages.ts'
import type { StreamChange } from './stream-change.ts'

/** The message that brings one page's mirror up to a change of a stream it has open. */
export function patchOf(
  change: StreamChange,
  /** The page's own writes under way: request id to the write's number. */
  ownWrites: ReadonlyMap<RequestId, number>,
): Extract<WorkerMessage, { type: 'patch' }> {
  const entries: Entry[] = []
  const writes: number[] = []
  const foreseen: RequestId[] = []
  for (const row of change.rows) {
    for (const request of Object.keys(row.requests)) {
      const write = ownWrites.get(request as RequestId)
      if (write !== undefined) writes.push(write)
      if (change.source === 'tab') foreseen.push(request as RequestId)
    }
    for (const event of row.events) {
      for (const { map, ...entry } of deltasOf(event)) if (map === 'state') entries.push(entry)
    }
  }
  return {
    type: 'patch',
    stream: change.stream,
    entries,
    source: change.source,
    writes,
    ...(foreseen.length === 0 ? {} : { foreseen }),
    ...(change.record === undefined ? {} : { record: change.record }),
  }
}

/** The message that tells a page that the session it has open is gone. */
export function goneMessage(stream: StreamId, source: StreamChange['source']): WorkerMessage {
  return { type: 'patch', stream, entries: [], source, writes: [], deleted: true }
}
