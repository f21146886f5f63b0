/** Whether the log holds what callers were told: what was acknowledged, once, and nothing of what was refused. */
import { isHoldfastError } from '../../src/core/errors.ts'
import { STORE_STREAM } from '../../src/core/ids.ts'
import type { DatabaseContent } from '../../src/testing/database-content.ts'
import { type Attempt, MARKERS, type Trace } from './attempt.ts'

export function checkHistory(content: DatabaseContent, attempts: readonly Attempt[]): readonly string[] {
  const counts = countTraces(content)
  const deleted = deletedIn(content)
  return [
    ...checkCodes(attempts),
    ...checkMarked(attempts, counts, deleted),
    ...checkUnmarked(attempts, counts, deleted),
  ]
}

/** A refusal says what happened. */
function* checkCodes(attempts: readonly Attempt[]): Iterable<string> {
  for (const { operation, number, error } of attempts) {
    if (error === undefined) continue
    if (!isHoldfastError(error) || error.code === 'INTERNAL') {
      yield `Attempt ${number} (${operation}) failed without a code of its own: ${describe(error)}`
    }
  }
}

/** An error with what lies below it. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? String(error) : `${error}: ${describe(error.cause)}`
}

function* checkMarked(
  attempts: readonly Attempt[],
  counts: ReadonlyMap<string, number>,
  deleted: ReadonlySet<string>,
): Iterable<string> {
  for (const { number, operation, state, trace, tab } of attempts) {
    if (trace?.marker === undefined || isErased(trace, deleted)) continue
    const count = counts.get(nameOf(trace)) ?? 0
    const say = (what: string) =>
      `Attempt ${number} (${operation} of ${tab}) was ${state}, and ${what}: ${trace.type} ${trace.stream ?? ''}`
    if (count > 1) yield say(`is there ${count} times`)
    if (count === 0 && state === 'stored') yield say('is not there')
    // Somebody else may have asked for the same deletion.
    if (count > 0 && state === 'refused' && trace.type !== 'session.deleted') yield say('is there')
  }
}

/** What carries no words is counted. */
function* checkUnmarked(
  attempts: readonly Attempt[],
  counts: ReadonlyMap<string, number>,
  deleted: ReadonlySet<string>,
): Iterable<string> {
  const told = new Map<string, { stored: number; maybe: number }>()
  for (const { trace, state } of attempts) {
    if (trace === undefined || trace.marker !== undefined || isErased(trace, deleted)) continue
    const name = nameOf(trace)
    const sums = told.get(name) ?? { stored: 0, maybe: 0 }
    told.set(name, sums)
    if (state === 'stored') sums.stored += 1
    if (state === 'maybe') sums.maybe += 1
  }
  for (const [name, { stored, maybe }] of told) {
    // Writes with words of their own stand under the same type.
    if (name.startsWith('state.changed')) continue
    const count = counts.get(name) ?? 0
    if (count < stored || count > stored + maybe) {
      yield `${name}: ${stored} were acknowledged and ${maybe} may be, but ${count} are there.`
    }
  }
}

/** A deleted session leaves nothing; of a creation whose id nobody heard, nobody knows whether it was deleted. */
function isErased({ stream, type }: Trace, deleted: ReadonlySet<string>): boolean {
  if (type === 'session.created' && stream === undefined) return deleted.size > 0
  return stream !== undefined && stream !== STORE_STREAM && deleted.has(stream)
}

function deletedIn({ rowsByStream }: DatabaseContent): ReadonlySet<string> {
  const events = (rowsByStream.get(STORE_STREAM) ?? []).flatMap((row) => row.events)
  return new Set(
    events
      .filter(({ type }) => type === 'session.deleted')
      .map(({ data }) => String((data as { readonly id?: unknown }).id)),
  )
}

/** How often each thing stands in the log: by its stream and words, by its words alone, and by its stream alone. */
function countTraces({ rowsByStream }: DatabaseContent): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  const count = (trace: Trace) => counts.set(nameOf(trace), (counts.get(nameOf(trace)) ?? 0) + 1)
  for (const [stream, rows] of rowsByStream) {
    for (const { type, data } of rows.flatMap((row) => row.events)) {
      count({ stream, type })
      if (type === 'session.deleted') {
        count({ stream, type, marker: String((data as { readonly id?: unknown }).id) })
        continue
      }
      for (const marker of new Set(JSON.stringify(data).match(MARKERS) ?? [])) {
        count({ stream, type, marker })
        count({ type, marker })
      }
    }
  }
  return counts
}

function nameOf({ type, stream, marker = '' }: Trace): string {
  return `${type} in ${stream ?? 'any'} ${marker}`
}
