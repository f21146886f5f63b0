/**
 * Answers in the words of protocol 1, whose records of sessions were objects, and which knew neither scopes inside a
 * session nor values that stand aside: what is in a scope is not told, and a key whose value stands aside holds nothing
 * that such a page could show.
 */
import type { Divergence } from '../core/replay/report.ts'
import { unpackKept, unpackPage } from '../core/session/kept-record.ts'
import { type PackedPast, unpackPast } from '../core/session/packed-past.ts'
import { asideOf } from '../core/state/aside.ts'
import type { Entry } from '../core/state/delta.ts'
import { entriesOf, type ReadEntries } from '../core/state/packed-entries.ts'
import { splitEntryKey } from '../core/state/scope.ts'
import type { StateValue } from '../core/state/value.ts'
import type { StateChange } from '../core/timeline/catalog.ts'
import type { TimelineEvent } from '../core/timeline/event.ts'
import type { Answer, MethodName } from './worker-api.ts'

type Reworded = {
  readonly [Method in MethodName]?: (answer: Answer<Method>, input: unknown) => Answer<Method>
}

const ANSWERS: Reworded = {
  'sessions.create': withFirstEntries,
  'sessions.open': withFirstEntries,
  'sessions.get': (kept, input) => unpackKept(kept, idIn(input)),
  'sessions.list': unpackPage,
  'sessions.restore': withFirstEntries,
  'sessions.fork': withFirstEntries,
  'state.open': withFirstEntries,
  'sessions.at': firstPast,
  'state.write': (written) => ({ ...written, changes: firstChanges(written.changes) }),
  'timeline.emit': firstEvent,
  'timeline.query': (page) => ({ ...page, items: page.items.map(firstEvent) }),
  'timeline.tree': (events) => events.map(firstEvent),
  'replay.run': (report) => ({ ...report, divergences: firstDivergences(report.divergences) }),
}

export function firstAnswer<Method extends MethodName>(
  method: Method,
  answer: Answer<Method>,
  input: unknown,
): Answer<Method> {
  const reword = ANSWERS[method]
  return reword === undefined ? answer : reword(answer, input)
}

/** Of a call that was performed, which checked it. */
function idIn(input: unknown): string {
  return typeof input === 'object' && input !== null && 'id' in input ? String(input.id) : ''
}

export function firstEvent(event: TimelineEvent): TimelineEvent {
  const { type, data } = event
  const isOfState = type === 'state.changed' || type === 'session.restored'
  if (!isOfState || !hasChanges(data)) return event
  return { ...event, data: { ...data, changes: firstChanges(data.changes) } }
}

/** Entries, by their keys in the map of all the session's state. */
export function firstEntries(entries: readonly Entry[]): readonly Entry[] {
  return entries
    .filter(({ key }) => isOwnKey(key))
    .map((entry) => (asideOf(entry.value) === undefined ? entry : { key: entry.key, at: entry.at }))
}

/** None of them packed. */
function withFirstEntries<Start extends ReadEntries>({ packed, ...start }: Start): Omit<Start, 'packed'> {
  const read = packed === undefined ? start : { packed, entries: start.entries }
  return { ...start, entries: firstEntries(entriesOf(read)) }
}

function firstPast(packed: PackedPast): PackedPast {
  const past = unpackPast(packed)
  return { ...past, state: firstState(past.state) }
}

function firstState(state: Readonly<Record<string, StateValue>>): Readonly<Record<string, StateValue>> {
  return Object.fromEntries(
    Object.entries(state).filter(([key, value]) => isOwnKey(key) && asideOf(value) === undefined),
  )
}

function firstChanges(changes: readonly StateChange[]): readonly StateChange[] {
  return changes
    .filter(({ scope }) => scope === undefined)
    .map(({ key, value }) => (value === undefined ? { key } : { key, value }))
}

/** Of a value that stands aside it is said that it differs, and not what stands in its place. */
function firstDivergences(divergences: readonly Divergence[]): readonly Divergence[] {
  return divergences
    .filter(({ kind, subject }) => kind !== 'state' || isOwnKey(subject))
    .map((one) => ({ ...one, expected: firstValue(one.expected), got: firstValue(one.got) }))
}

function firstValue(value: StateValue): StateValue {
  return asideOf(value) === undefined ? value : null
}

function isOwnKey(entryKey: string): boolean {
  return splitEntryKey(entryKey).scope === undefined
}

function hasChanges(data: unknown): data is { readonly changes: readonly StateChange[] } {
  return typeof data === 'object' && data !== null && 'changes' in data && Array.isArray(data.changes)
}
