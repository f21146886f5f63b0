import { TURNS_STREAM } from '../../core/ids.ts'
import { soundCommit } from '../../storage/sound-rows.ts'
import type { DatabaseContent } from '../database-content.ts'
import type { Violation } from '../law.ts'

/**
 * Where one writer's rows end and another's begin, a row says so. From the first such row on: older builds put none. Damaged
 * rows say nothing of their writers.
 */
export function* turnLaws({ unpacked }: DatabaseContent): Iterable<Violation> {
  const first = unpacked.findIndex(({ streamId }) => streamId === TURNS_STREAM)
  if (first < 0) return
  let before: { readonly seq: number; readonly writer: string } | undefined
  for (const row of unpacked.slice(first)) {
    const { streamId, writer, seq = 0 } = soundCommit(row) ?? {}
    const isNext = before !== undefined && before.seq + 1 === seq
    if (isNext && writer !== before?.writer && streamId !== TURNS_STREAM) {
      const message = `Row ${seq} of ${streamId} is by ${writer}, the one before it by ${before?.writer}, and opens no turn.`
      yield { law: 'LA31', message }
    }
    before = writer === undefined ? undefined : { seq, writer }
  }
}
