import type { HoldfastError } from '../core/errors.ts'
import type { RequestId } from '../core/ids.ts'
import { nextTurn } from '../core/next-turn.ts'
import { sizeOf } from '../core/size.ts'
import type { Mirror } from '../core/state/mirror.ts'
import { entryKeyOf, withEntryKey } from '../core/state/scope.ts'
import type { WriteChange } from '../core/state/write-change.ts'
import { fromWireError } from '../protocol/wire-error.ts'
import type { StateTarget } from '../protocol/worker-api.ts'
import type { Connection } from './connection.ts'
import { MAX_TOGETHER_BYTES } from './emitter.ts'
import type { Frame, WriteOptions } from './request.ts'

/** Writes one change. Resolves when it is stored; rejects, with the mirror as it was before, when it is refused. */
export type StateWriter = (change: WriteChange, options: WriteOptions, frame: Frame) => Promise<void>

/** Tells other pages of a write that is small and open. @returns what takes the word back; undefined where nothing was told */
export type Tell = (
  request: RequestId,
  changes: readonly WriteChange[],
  sizeBytes: number,
) => (() => void) | undefined

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
  /** Sends it, once. */
  leave(): void
  sizeBytes: number
}

/** Shows changes in the mirror at once, and sends those of one microtask as one write. */
export function createStateWriter(
  connection: Connection,
  target: StateTarget,
  mirror: Mirror,
  localWrites: Map<number, readonly number[]>,
  isOptimistic: (key: string) => boolean,
  tell: Tell,
): StateWriter {
  let group: Group | undefined
  let lastLocalId = 0

  const send = async ({ changes, options, frame, localIds, sizeBytes }: Group): Promise<Refusals> => {
    const list = [...changes.values()]
    let sent: ReturnType<Connection['write']> | undefined
    let takeBack: (() => void) | undefined
    // What is told in between goes by the worker: one that overtakes an earlier write would show below it.
    const isNext = localWrites.size === 0
    try {
      sent = connection.write(target, list, options, frame, (request) => {
        takeBack = isNext ? tell(request, list, sizeBytes) : undefined
        return takeBack !== undefined
      })
      localWrites.set(sent.id, localIds)
      const answer = await sent.stored
      const entries = answer.changes.map((change) => ({ ...withEntryKey(change), at: answer.at }))
      mirror.apply(entries, 'local', localIds)
      return new Map(answer.refused?.map((refused) => [entryKeyOf(refused), fromWireError(refused.error)]))
    } catch (error) {
      for (const localId of localIds) mirror.reject(localId)
      takeBack?.()
      throw error
    } finally {
      if (sent !== undefined) localWrites.delete(sent.id)
    }
  }

  const begin = (options: WriteOptions, frame: Frame): Group => {
    const begun = createGroup(options, frame, send)
    const leave = () => {
      stopWaiting()
      if (group === begun) group = undefined
      begun.leave()
    }
    const stopWaiting = connection.beforeHurry(leave)
    nextTurn(leave)
    return begun
  }

  /** At once: what waits for room has to be known before more is called for. */
  const leaveFull = (full: Group) => {
    group = undefined
    full.leave()
  }

  return async (change, options, bound) => {
    const frame = connection.hookFrame.of(bound)
    if (group === undefined || !fits(group, options, frame)) group = begin(options, frame)
    const { changes, localIds, stored } = group
    lastLocalId += 1
    localIds.push(lastLocalId)
    const entry = withEntryKey(change)
    changes.set(entry.key, change)
    // What stands aside is shown nowhere, so it does not show before it is stored either.
    if (change.class === undefined || change.class === 'standard')
      mirror.write(lastLocalId, [entry], isOptimistic)
    group.sizeBytes += sizeOf(change)
    if (group.sizeBytes >= MAX_TOGETHER_BYTES) leaveFull(group)
    const refused = (await stored).get(entry.key)
    if (refused !== undefined) throw refused
  }
}

function createGroup(options: WriteOptions, frame: Frame, send: (group: Group) => Promise<Refusals>): Group {
  let settle: (stored: Promise<Refusals>) => void = () => {}
  const stored = new Promise<Refusals>((resolve) => {
    settle = resolve
  })
  let left = false
  const group: Group = {
    options,
    frame,
    changes: new Map(),
    localIds: [],
    stored,
    sizeBytes: 0,
    leave() {
      if (!left) settle(send(group))
      left = true
    },
  }
  return group
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
