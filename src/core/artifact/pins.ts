import type { RowChange } from '../commit.ts'
import type { WallClock } from '../ports.ts'
import type { HybridClock } from '../timeline/hybrid-clock.ts'
import type { ChunkRef, Domain, IntakeRow } from './record.ts'

/** A pin is written again for each chunk; shorter ones would be more rows to remove, longer ones more to write again. */
const CHUNKS_PER_PIN = 64

/** The pins of one intake: they name its chunks from the transaction that stores them to the commit that names the content. */
export interface Pins {
  /** The change that pins one more chunk. It belongs into the transaction that stores the chunk or finds it there. */
  add(chunk: ChunkRef): RowChange
  rows(): readonly IntakeRow[]
}

export function createPins(domain: Domain, clock: HybridClock, wall: Pick<WallClock, 'now'>): Pins {
  const rows: IntakeRow[] = []
  return {
    add({ hash }) {
      const last = rows.at(-1)
      const isFull = last === undefined || last.chunks.length >= CHUNKS_PER_PIN
      const at = wall.now()
      const row: IntakeRow = isFull
        ? { key: ['intake', clock.nextId<string>()], at, domain, chunks: [hash] }
        : { ...last, at, chunks: [...last.chunks, hash] }
      if (!isFull) rows.pop()
      rows.push(row)
      return { table: 'meta', put: row }
    },
    rows: () => rows,
  }
}

/** What the commit that names the content does to each pin. */
export function removePin({ key }: IntakeRow): RowChange {
  return { table: 'meta', key, change: () => undefined }
}
