import { updateOf } from '../../src/context/entries-update.ts'
import type { CommitRow, Placement } from '../../src/core/commit.ts'
import { type CommitId, type CorrelationId, clockOfId, type StreamId } from '../../src/core/ids.ts'
import type { Log } from '../../src/core/ports.ts'
import type { Delta } from '../../src/core/state/delta.ts'
import type { StoredEvent } from '../../src/core/timeline/event.ts'
import { stamp, writerId } from './stamps.ts'

export const STREAM = 's1' as StreamId

/** The `state.changed` events of deltas to the map `state`: one for each stamp. */
export function eventsOf(deltas: readonly Delta[]): readonly StoredEvent[] {
  const stamps = [...new Set(deltas.map(({ at }) => at))]
  return stamps.map((id) => ({
    id,
    type: 'state.changed',
    data: {
      changes: deltas.filter(({ at }) => at === id).map(({ map: _map, at: _at, ...change }) => change),
    },
    correlationId: 'c' as CorrelationId,
    source: 'local',
    schema: 1,
  }))
}

/** What a row holds of what `apply` gave. */
export function madeIn(made: Placement | Uint8Array | undefined): Pick<CommitRow, 'update' | 'placed'> {
  if (made === undefined) return {}
  return made instanceof Uint8Array ? { update: made } : { placed: made }
}

/** The row by its update's bytes alone, without its deltas. */
export function bytesOnly({ placed: _, ...row }: CommitRow): CommitRow {
  const update = updateOf({ ...row, ...(_ === undefined ? {} : { placed: _ }) })
  return { ...row, ...madeIn(update), events: [] }
}

/** A log in memory: rows in order of arrival, and a snapshot that covers those up to a number. */
export class RowLog implements Pick<Log, 'document'> {
  readonly rows: CommitRow[] = []
  snapshot: { readonly bytes: Uint8Array; readonly upTo: number; readonly generation?: number } | undefined
  reads = 0
  /** What a read waits for. */
  gate: Promise<void> = Promise.resolve()

  add(writer: number, deltas: readonly Delta[], made?: Placement | Uint8Array, generation = 0): CommitRow {
    const seq = this.rows.length + 1
    const row: CommitRow = {
      seq,
      stream: STREAM,
      hlc: clockOfId(deltas[0]?.at ?? stamp(0)),
      commitId: `commit-${seq}` as CommitId,
      writer: writerId(writer),
      n: 1 + this.rows.filter((other) => other.writer === writerId(writer)).length,
      requests: {},
      events: eventsOf(deltas),
      ...madeIn(made),
      ...(generation === 0 ? {} : { generation }),
    }
    this.rows.push(row)
    return row
  }

  async document(): ReturnType<Log['document']> {
    this.reads += 1
    const { snapshot } = this
    const tail = this.rows.filter(({ seq }) => seq > (snapshot?.upTo ?? 0))
    await this.gate
    if (snapshot === undefined) return { tail }
    const { bytes, generation = 0 } = snapshot
    return { snapshot: bytes, generation, tail }
  }
}
