import type { CommitRow } from '../../core/commit.ts'
import { clockOfId, type StreamId } from '../../core/ids.ts'
import { MAX_ROW_TICKS } from '../../storage/stream-rows.ts'
import type { DatabaseContent } from '../database-content.ts'
import type { Violation } from '../law.ts'

/** The log by itself: numbers without gaps, events in order, every name by which a row must be found. */
export function* logLaws({ rowsByStream, commits, lossy }: DatabaseContent): Iterable<Violation> {
  for (const [stream, rows] of rowsByStream) {
    if (!lossy.has(stream)) yield* numbersOf(stream, rows)
    for (const row of rows) yield* orderOf(row)
  }
  for (const { seq, refs, body } of commits) {
    const needed = [
      ...body.events.map((event) => `c:${event.correlationId}`),
      ...Object.keys(body.requests).map((request) => `q:${request}`),
    ]
    const missing = needed.find((ref) => !refs.includes(ref))
    if (missing !== undefined) yield { law: 'LA3', message: `Row ${seq} is not found by ${missing}.` }
  }
}

function* numbersOf(stream: StreamId, rows: readonly CommitRow[]): Iterable<Violation> {
  const lastByWriter = new Map<string, number>()
  for (const { writer, n, seq } of rows) {
    const expected = (lastByWriter.get(writer) ?? 0) + 1
    if (n !== expected) {
      const message = `Row ${seq} of ${stream} is number ${n} of writer ${writer}, expected ${expected}.`
      yield { law: 'LA1', message }
    }
    lastByWriter.set(writer, n)
  }
}

function* orderOf({ stream, seq, events, hlc }: CommitRow): Iterable<Violation> {
  const [first] = events
  const last = events.at(-1)
  if (first === undefined || last === undefined) return
  const say = (what: string): Violation => ({ law: 'LA2', message: `Row ${seq} of ${stream} ${what}.` })
  if (events.some((event, at) => at > 0 && event.id <= (events[at - 1]?.id ?? ''))) {
    yield say('holds events that are not in the order of their clocks')
  }
  if (clockOfId(first.id) !== hlc) yield say(`has clock ${hlc}, its first event ${clockOfId(first.id)}`)
  if (clockOfId(last.id) - clockOfId(first.id) > MAX_ROW_TICKS) yield say('spans more than two seconds')
}
