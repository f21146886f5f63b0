import type { Mirror } from '../core/state/mirror.ts'
import type { StateChange } from '../core/timeline/catalog.ts'
import type { StateTarget } from '../protocol/worker-api.ts'
import type { Connection } from './connection.ts'
import type { Frame, WriteOptions } from './request.ts'

/** Writes one change. Resolves when it is stored; rejects, with the mirror as it was before, when it is refused. */
export type StateWriter = (change: StateChange, options: WriteOptions, frame: Frame) => Promise<void>

interface Group {
  readonly options: WriteOptions
  readonly frame: Frame
  /** The last change of each key: they all land in one event, where only one of a key can count. */
  readonly changes: Map<string, StateChange>
  /** What the mirror shows them by. */
  readonly localIds: number[]
  readonly stored: Promise<void>
  resolve(): void
  reject(error: unknown): void
}

/** Shows changes in the mirror at once, and sends those of one microtask as one write. */
export function createStateWriter(
  connection: Connection,
  target: StateTarget,
  mirror: Mirror,
  localWrites: Map<number, readonly number[]>,
  isOptimistic: (key: string) => boolean,
): StateWriter {
  let group: Group | undefined
  let lastLocalId = 0

  const flush = async (sending: Group) => {
    if (group === sending) group = undefined
    const { changes, options, frame, localIds } = sending
    const { id, stored } = connection.write(target, [...changes.values()], options, frame)
    localWrites.set(id, localIds)
    try {
      const answer = await stored
      const entries = answer.changes.map((change) => ({ ...change, at: answer.at }))
      mirror.apply(entries, 'local', localIds)
      sending.resolve()
    } catch (error) {
      for (const localId of localIds) mirror.reject(localId)
      sending.reject(error)
    } finally {
      localWrites.delete(id)
    }
  }

  return (change, options, frame) => {
    if (group === undefined || !fits(group, options, frame)) {
      const begun = createGroup(options, frame)
      group = begun
      queueMicrotask(() => void flush(begun))
    }
    lastLocalId += 1
    group.changes.set(change.key, change)
    group.localIds.push(lastLocalId)
    mirror.write(lastLocalId, [change], isOptimistic)
    return group.stored
  }
}

function createGroup(options: WriteOptions, frame: Frame): Group {
  let settle = { resolve: () => {}, reject: (_error: unknown) => {} }
  const stored = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })
  return { options, frame, changes: new Map(), localIds: [], stored, ...settle }
}

/** A write that can be named, aborted or timed by itself travels by itself. */
function fits(group: Group, options: WriteOptions, frame: Frame): boolean {
  return isPlain(group.options) && isPlain(options) && group.options.durability === options.durability && group.frame === frame
}

function isPlain({ requestId, signal, deadlineMs }: WriteOptions): boolean {
  return requestId === undefined && signal === undefined && deadlineMs === undefined
}
