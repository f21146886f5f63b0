import { createError } from '../core/errors.ts'
import type { SessionRecord } from '../core/session/record.ts'
import type { Stream } from './shared-stream.ts'

/** Says to the bodies that run in a session when they have to stop: while it takes no work. */
export interface WorkSignal {
  /** The signal of what begins now. */
  readonly signal: AbortSignal
  /** The handle was closed: what happens to the session is followed no more. */
  stop(): void
  /** Takes a record that was read, unless a newer one is here. */
  take(record: SessionRecord): void
  /** Resolves when a suspended session is active again, rejects when it is over; undefined when it is not suspended. */
  resumed(): Promise<void> | undefined
}

export function createWorkSignal(stream: Stream): WorkSignal {
  /** Made when something begins: most sessions are opened to be read. */
  let controller: AbortController | undefined
  let last: SessionRecord | undefined
  const follow = (record: SessionRecord | undefined) => {
    last = record
    if (record?.status !== 'active') controller?.abort(endOf(record))
    else if (controller?.signal.aborted) controller = undefined
  }
  follow(stream.record)
  const stop = stream.subscribe(follow)

  return {
    get signal() {
      if (controller === undefined) {
        controller = new AbortController()
        if (last?.status !== 'active') controller.abort(endOf(last))
      }
      return controller.signal
    },
    stop,
    take: (record) => stream.take(record),
    resumed: () => {
      // Its last record stays; nobody is told of another one.
      if (stream.isGone) return Promise.reject(endOf(undefined))
      if (stream.record?.status !== 'suspended') return undefined
      return new Promise((resolve, reject) => {
        const stop = stream.subscribe((record) => {
          if (record?.status === 'suspended') return
          stop()
          if (record?.status === 'active') resolve()
          else reject(endOf(record))
        })
      })
    },
  }
}

function endOf(record: SessionRecord | undefined): Error {
  if (record === undefined)
    return createError('SESSION_NOT_FOUND', 'The session was deleted while it was at work.')
  const { id, status } = record
  return createError('SESSION_NOT_ACTIVE', `Session ${id} is ${status}; what runs in it has to stop.`, {
    id,
    status,
  })
}
