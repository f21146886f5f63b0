/**
 * Keys that hold sensitive values. They stand in a head, which every write of state reads in its own transaction, so that a
 * tab that has not heard of such a value yet cannot write the next one of its key openly.
 */
import type { HeadKey, HeadReader, HeadWrite } from '../commit.ts'
import { createError, type HoldfastError } from '../errors.ts'
import type { EventId } from '../ids.ts'
import { asideOf, type StateClass } from '../state/aside.ts'
import type { Entry } from '../state/delta.ts'
import { entryKeyOf } from '../state/scope.ts'
import type { WriteChange } from '../state/write-change.ts'
import type { StateChange } from '../timeline/catalog.ts'
import { headValue, requireHead, type SessionHead, sessionHeadKey } from './head.ts'
import type { Place } from './place.ts'

/** By the key of the entry, the event that wrote the value. */
export type SensitiveKeys = Readonly<Record<string, EventId>>

const NONE: SensitiveKeys = {}

/** The head that holds them: of a session its own, else one of the scope, which is there only while some are. */
export function sensitiveHeadKey({ session, stream }: Pick<Place, 'session' | 'stream'>): HeadKey {
  return session === undefined ? ['scope', stream] : sessionHeadKey(session)
}

/** Those that a head row names, of a session or a scope. */
export function sensitiveKeysIn(head: unknown): SensitiveKeys {
  if (typeof head !== 'object' || head === null || !('sensitive' in head)) return NONE
  const { sensitive } = head
  return isKeys(sensitive) ? sensitive : NONE
}

/** What a write of these changes makes of the head; none where it stays as it is. */
export function sensitiveHeads(
  heads: HeadReader,
  place: Place,
  changes: readonly StateChange[],
  at: EventId,
): readonly HeadWrite[] {
  const key = sensitiveHeadKey(place)
  const before = sensitiveKeysIn(heads.get(key))
  const after = sensitiveAfter(before, changes, at)
  if (after === before) return []
  const isNone = Object.keys(after).length === 0
  if (place.session === undefined) return [{ key, value: isNone ? undefined : { sensitive: after } }]
  const { sensitive: _, ...head } = headValue(requireHead(heads, place.session))
  return [{ key, value: isNone ? head : ({ ...head, sensitive: after } satisfies SessionHead) }]
}

/** The same object where nothing changed. */
export function sensitiveAfter(
  before: SensitiveKeys,
  changes: readonly StateChange[],
  at: EventId,
): SensitiveKeys {
  const touched = changes.filter(
    (change) => change.aside?.class === 'sensitive' || Object.hasOwn(before, entryKeyOf(change)),
  )
  if (touched.length === 0) return before
  const after = new Map(Object.entries(before))
  for (const change of touched) {
    if (change.aside?.class === 'sensitive') after.set(entryKeyOf(change), at)
    else after.delete(entryKeyOf(change))
  }
  return Object.fromEntries(after)
}

/** Those of a stream whose entries these are: what a repair writes. */
export function sensitiveKeysOf(entries: Iterable<Entry>): SensitiveKeys {
  const held = [...entries].filter(({ value }) => asideOf(value)?.class === 'sensitive')
  return Object.fromEntries(held.map(({ key, at }) => [key, at]))
}

/** Changes that would write such a key openly, though nobody asked for that. */
export function openWrites(changes: readonly WriteChange[], keys: SensitiveKeys): readonly WriteChange[] {
  return changes.filter(
    (change) =>
      change.class === undefined && change.value !== undefined && Object.hasOwn(keys, entryKeyOf(change)),
  )
}

export function keepSensitive(
  changes: readonly WriteChange[],
  these: readonly WriteChange[],
): readonly WriteChange[] {
  const kept = new Set(these.map(entryKeyOf))
  return changes.map((change) => (kept.has(entryKeyOf(change)) ? { ...change, class: 'sensitive' } : change))
}

/**
 * What the worker's own app declares sensitive is so whatever the page says.
 * @throws INVALID_ARGUMENT where another class was asked for
 */
export function keepDeclared(
  changes: readonly WriteChange[],
  { session }: Place,
  classes: Readonly<Record<string, StateClass | undefined>>,
): readonly WriteChange[] {
  if (session === undefined) return changes
  return changes.map((change) => {
    const { key, scope, value } = change
    if (scope !== undefined || value === undefined || !isDeclaredSensitive(classes, key)) return change
    if (change.class !== undefined && change.class !== 'sensitive') throw declaredSensitive(key)
    return { ...change, class: 'sensitive' }
  })
}

export function isDeclaredSensitive(
  classes: Readonly<Record<string, StateClass | undefined>>,
  key: string,
): boolean {
  return Object.hasOwn(classes, key) && classes[key] === 'sensitive'
}

/** All that are declared so. */
export function sensitiveKeys(classes: Readonly<Record<string, StateClass | undefined>>): readonly string[] {
  return Object.keys(classes).filter((key) => isDeclaredSensitive(classes, key))
}

export function declaredSensitive(key: string): HoldfastError {
  return createError(
    'INVALID_ARGUMENT',
    `The app of the worker declares state "${key}" as sensitive, so it cannot be kept otherwise; leave the class out, and write it once the session is there.`,
    { key, declared: 'sensitive' },
  )
}

function isKeys(value: unknown): value is SensitiveKeys {
  return typeof value === 'object' && value !== null
}
