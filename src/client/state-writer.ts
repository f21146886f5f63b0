import type { Mirror } from '../core/state/mirror.ts'
import type { StateChange } from '../core/timeline/catalog.ts'
import { fromWireError } from '../protocol/wire-error.ts'
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
  readonly waiting: Waiting[]
}

/** One call that waits for its change. Of several for one key all wait for the last. */
interface Waiting {
  readonly key: string
  /** What the mirror shows it by. */
  readonly localId: number
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
    const { changes, options, frame, waiting } = sending
    const { id, stored } = connection.write(target, [...changes.values()], options, frame)
    localWrites.set(
      id,
      waiting.map(({ localId }) => localId),
    )
    const refuse = ({ localId, reject }: Waiting, error: unknown) => {
      mirror.reject(localId)
      reject(error)
    }
    try {
      const answer = await stored
      const entries = answer.changes.map((change) => ({ ...change, at: answer.at }))
      const refused = new Map(answer.refused?.map(({ key, error }) => [key, fromWireError(error)]))
      const kept = waiting.filter(({ key }) => !refused.has(key))
      mirror.apply(
        entries,
        'local',
        kept.map(({ localId }) => localId),
      )
      for (const one of waiting) if (refused.has(one.key)) refuse(one, refused.get(one.key))
      for (const one of kept) one.resolve()
    } catch (error) {
      for (const one of waiting) refuse(one, error)
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
    const localId = lastLocalId
    const { changes, waiting } = group
    changes.set(change.key, change)
    mirror.write(localId, [change], isOptimistic)
    return new Promise((resolve, reject) => waiting.push({ key: change.key, localId, resolve, reject }))
  }
}

function createGroup(options: WriteOptions, frame: Frame): Group {
  return { options, frame, changes: new Map(), waiting: [] }
}

/** A write that can be named, aborted or timed by itself travels by itself. */
function fits(group: Group, options: WriteOptions, frame: Frame): boolean {
  return (
    isPlain(group.options) &&
    isPlain(options) &&
    group.options.durability === options.durability &&
    group.frame === frame
  )
}

function isPlain({ requestId, signal, deadlineMs }: WriteOptions): boolean {
  return requestId === undefined && signal === undefined && deadlineMs === undefined
}
