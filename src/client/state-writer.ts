import type { HoldfastError } from '../core/errors.ts'
import type { Mirror } from '../core/state/mirror.ts'
import { entryKeyOf, withEntryKey } from '../core/state/scope.ts'
import type { WriteChange } from '../core/state/write-change.ts'
import { fromWireError } from '../protocol/wire-error.ts'
import type { StateTarget } from '../protocol/worker-api.ts'
import type { Connection } from './connection.ts'
import type { Frame, WriteOptions } from './request.ts'

/** Writes one change. Resolves when it is stored; rejects, with the mirror as it was before, when it is refused. */
export type StateWriter = (change: WriteChange, options: WriteOptions, frame: Frame) => Promise<void>

/** What becomes of a group that was stored: the errors of the keys that a hook refused. */
type Refusals = ReadonlyMap<string, HoldfastError>

interface Group {
  readonly options: WriteOptions
  readonly frame: Frame
  /** By entry's key, the last change of each: they all land in one event, where only one of a key can count. */
  readonly changes: Map<string, WriteChange>
  /** What the mirror shows them by. */
  readonly localIds: number[]
  readonly stored: Promise<Refusals>
  settle(stored: Promise<Refusals>): void
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

  const send = async ({ changes, options, frame, localIds }: Group): Promise<Refusals> => {
    let sent: ReturnType<Connection['write']> | undefined
    try {
      sent = connection.write(target, [...changes.values()], options, frame)
      localWrites.set(sent.id, localIds)
      const answer = await sent.stored
      const entries = answer.changes.map((change) => ({ ...withEntryKey(change), at: answer.at }))
      mirror.apply(entries, 'local', localIds)
      return new Map(answer.refused?.map((refused) => [entryKeyOf(refused), fromWireError(refused.error)]))
    } catch (error) {
      for (const localId of localIds) mirror.reject(localId)
      throw error
    } finally {
      if (sent !== undefined) localWrites.delete(sent.id)
    }
  }

  const begin = (options: WriteOptions, frame: Frame): Group => {
    const begun = createGroup(options, frame)
    queueMicrotask(() => {
      if (group === begun) group = undefined
      begun.settle(send(begun))
    })
    return begun
  }

  return async (change, options, frame) => {
    if (group === undefined || !fits(group, options, frame)) group = begin(options, frame)
    const { changes, localIds, stored } = group
    lastLocalId += 1
    localIds.push(lastLocalId)
    const entry = withEntryKey(change)
    changes.set(entry.key, change)
    // What stands aside is shown nowhere, so it does not show before it is stored either.
    if (change.class === undefined) mirror.write(lastLocalId, [entry], isOptimistic)
    const refused = (await stored).get(entry.key)
    if (refused !== undefined) throw refused
  }
}

function createGroup(options: WriteOptions, frame: Frame): Group {
  let settle: Group['settle'] = () => {}
  const stored = new Promise<Refusals>((resolve) => {
    settle = resolve
  })
  return { options, frame, changes: new Map(), localIds: [], stored, settle }
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
