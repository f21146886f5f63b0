/**
 * State as a fold over events. Of the entries of one key the one with the greatest stamp stands, and a deletion is
 * an entry without value, so that an older write that arrives later stays beaten. A maximum does not depend on
 * order: the same events give the same state in any order, on any device, with or without a document.
 */
import type { ArtifactRecord } from '../artifact/record.ts'
import type { ArtifactId } from '../ids.ts'
import type { EventDataByType, EventType, StateChange } from '../timeline/catalog.ts'
import type { StoredEvent } from '../timeline/event.ts'
import { asideOf } from './aside.ts'
import type { Delta, Entry, ManagedMap } from './delta.ts'
import { entryKeyOf, splitEntryKey, withEntryKey } from './scope.ts'
import type { StateValue } from './value.ts'

const NONE: readonly Delta[] = []

/** What an event writes to the managed document of its stream: at most one delta for each map and key. */
export function deltasOf(event: StoredEvent): readonly Delta[] {
  switch (event.type) {
    case 'state.changed':
      return changeDeltas(event, dataOf(event, 'state.changed').changes)
    case 'session.restored':
      return changeDeltas(event, dataOf(event, 'session.restored').changes)
    case 'session.created':
      return metaDeltas(event, dataOf(event, 'session.created'))
    case 'session.edited':
      return metaDeltas(event, dataOf(event, 'session.edited'))
    case 'artifact.stored':
      return storedDeltas(event, dataOf(event, 'artifact.stored').artifact)
    case 'artifact.edited': {
      const { id, ...changed } = dataOf(event, 'artifact.edited')
      return artifactFieldDeltas(event, id, changed)
    }
    case 'artifact.deleted':
      return deletedDeltas(event, dataOf(event, 'artifact.deleted').id)
    default:
      return NONE
  }
}

/** The entries of one managed map after these deltas, of which those of other maps are left out. */
export function foldEntries(
  entries: readonly Entry[],
  deltas: readonly Delta[],
  map: ManagedMap,
): readonly Entry[] {
  const folded = new EntryMap(entries)
  for (const delta of deltas) if (delta.map === map) folded.put(delta)
  return [...folded.entries()]
}

/** The values of these entries by key, deletions left out. */
export function valuesOf(entries: Iterable<Entry>): Readonly<Record<string, StateValue>> {
  const pairs: [string, StateValue][] = []
  for (const { key, value } of entries) if (value !== undefined) pairs.push([key, value])
  return Object.fromEntries(pairs)
}

/** The change that gives an entry this value, which may stand aside. */
export function changeOf(entryKey: string, value: StateValue): StateChange {
  const aside = asideOf(value)
  return { ...splitEntryKey(entryKey), ...(aside === undefined ? { value } : { aside }) }
}

/** The ids of the artifacts that these entries of the map `artifacts` hold, in the order of their ids. */
export function artifactIdsOf(entries: Iterable<Entry>): readonly ArtifactId[] {
  const ids: ArtifactId[] = []
  for (const { key, value } of entries) {
    if (value !== undefined && !key.includes(FIELD_MARK)) ids.push(key as ArtifactId)
  }
  return ids.sort()
}

/** Entries of one map, of which each key keeps the greatest stamp. */
export class EntryMap {
  readonly #byKey = new Map<string, Entry>()

  constructor(entries: Iterable<Entry> = []) {
    for (const entry of entries) this.put(entry)
  }

  /** Takes the entry unless it is beaten; says whether it was taken. */
  put(entry: Entry): boolean {
    const present = this.#byKey.get(entry.key)
    if (present !== undefined && present.at >= entry.at) return false
    this.#byKey.set(entry.key, entryOf(entry))
    return true
  }

  /** The entry of a key, which for a deleted key has no value. */
  get(key: string): Entry | undefined {
    return this.#byKey.get(key)
  }

  entries(): IterableIterator<Entry> {
    return this.#byKey.values()
  }

  get size(): number {
    return this.#byKey.size
  }
}

/** Field entries of an artifact are keyed `<artifact id>/<field>`: two devices may edit its tags and its description. */
const FIELD_MARK = '/'
const ARTIFACT_FIELDS = ['description', 'tags', 'metadata'] as const
type ArtifactFields = Partial<Pick<ArtifactRecord, (typeof ARTIFACT_FIELDS)[number]>>

const META_FIELDS = ['name', 'description', 'tags', 'metadata'] as const

/** A stored row says by its type what its data is; this is the one place where the fold believes it. */
function dataOf<Type extends EventType>(event: StoredEvent, _type: Type): EventDataByType[Type] {
  return event.data as EventDataByType[Type]
}

function entryOf({ key, value, at }: Entry): Entry {
  return value === undefined ? { key, at } : { key, value, at }
}

function changeDeltas({ id: at }: StoredEvent, changes: readonly StateChange[]): readonly Delta[] {
  const latest = changes.length < 2 ? changes : lastOfEachKey(changes)
  return latest.map((change) => entryDelta(withEntryKey(change), at))
}

function entryDelta({ key, value }: StateChange, at: Delta['at']): Delta {
  return deltaOf('state', key, value, at)
}

/** A key changed twice in one event has one stamp for both: the later change is the one that counts. */
function lastOfEachKey(changes: readonly StateChange[]): readonly StateChange[] {
  const byKey = new Map(changes.map((change) => [entryKeyOf(change), change]))
  return byKey.size === changes.length ? changes : [...byKey.values()]
}

function metaDeltas({ id: at }: StoredEvent, data: EventDataByType['session.edited']): readonly Delta[] {
  return META_FIELDS.flatMap((field) => {
    const value = data[field]
    return value === undefined ? [] : [deltaOf('meta', field, value, at)]
  })
}

function storedDeltas(event: StoredEvent, artifact: ArtifactRecord): readonly Delta[] {
  const { id, name, version, kind, mime, sizeBytes, contentId, description, tags, metadata } = artifact
  return [
    deltaOf('artifacts', id, { name, version, kind, mime, sizeBytes, contentId }, event.id),
    ...artifactFieldDeltas(event, id, {
      ...(description === '' ? {} : { description }),
      ...(tags.length === 0 ? {} : { tags }),
      ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    }),
  ]
}

function artifactFieldDeltas(
  { id: at }: StoredEvent,
  id: ArtifactId,
  fields: ArtifactFields,
): readonly Delta[] {
  return ARTIFACT_FIELDS.flatMap((field) => {
    const value = fields[field]
    return value === undefined ? [] : [deltaOf('artifacts', id + FIELD_MARK + field, value, at)]
  })
}

function deletedDeltas({ id: at }: StoredEvent, id: ArtifactId): readonly Delta[] {
  const keys = [id, ...ARTIFACT_FIELDS.map((field) => id + FIELD_MARK + field)]
  return keys.map((key) => deltaOf('artifacts', key, undefined, at))
}

function deltaOf(map: ManagedMap, key: string, value: StateValue | undefined, at: Delta['at']): Delta {
  return value === undefined ? { map, key, at } : { map, key, value, at }
}
