import {
  type Artifact,
  type CallOptions,
  type Durability,
  HoldfastError,
  InputError,
  type Session,
} from '../../index.ts'
import { type Key, keyOfName, nameOfKey } from './key-name.ts'

/** A key and its bytes. */
export interface Entry {
  key: string[]
  data: Uint8Array
}

/**
 * Bytes under keys. Whatever a promise here told stays told after a reload and in every other tab.
 *
 * It has the methods of a storage adapter of automerge-repo: `new Repo({ storage: createKeyValue(session) })`.
 */
export interface KeyValue {
  /** undefined where there are none. @throws INVALID_NAME, CONTENT_DAMAGED */
  load(key: Key, options?: CallOptions): Promise<Uint8Array | undefined>
  /**
   * Puts bytes in the place of those that were there.
   * @throws INVALID_NAME, INVALID_VALUE, VALUE_TOO_LARGE, QUOTA_EXCEEDED, SESSION_NOT_ACTIVE
   */
  save(key: Key, data: Uint8Array, options?: CallOptions): Promise<void>
  /** Does nothing where there are none. @throws INVALID_NAME, SESSION_NOT_ACTIVE in an archived session */
  remove(key: Key, options?: CallOptions): Promise<void>
  /** All whose key begins with these parts, in the order in which they were saved. Without parts: all there are. */
  loadRange(prefix: Key, options?: CallOptions): Promise<Entry[]>
  /** Not in one commit: what is saved meanwhile may stay. */
  removeRange(prefix: Key, options?: CallOptions): Promise<void>
}

export interface KeyValueOptions {
  /** The first part of the artifacts' names: several stores in one session have a folder each. @defaultValue 'key-value' */
  readonly folder?: string | undefined
  /** `strict` survives a power cut once it resolved, `relaxed` at most 250 ms later. @defaultValue 'strict' */
  readonly durability?: Durability | undefined
}

/** Artifacts listed at once. */
const PAGE = 500
/** Values read at once: they may be large. */
const AT_ONCE = 32
/** How often a key is looked up anew whose bytes went away, for newer ones, before they were read. */
const MAX_LOOKS = 10

/**
 * Bytes under keys, kept as artifacts of a session: each save is a version, and the ones before it are deleted. They are
 * listed, counted, watched, archived and deleted with the session as all artifacts are, and gated by the same hooks.
 *
 * @throws INVALID_NAME for a folder that no name can begin with
 * @example
 * const store = createKeyValue(session)
 * await store.save(['notes', 'snapshot'], bytes)
 * await store.loadRange(['notes'])
 */
export function createKeyValue(
  { artifacts }: Pick<Session, 'artifacts'>,
  { folder = 'key-value', durability }: KeyValueOptions = {},
): KeyValue {
  nameOfKey(folder, [])

  const load: KeyValue['load'] = async (key, options) => {
    const name = nameOfOne(folder, key)
    for (let looks = 1; ; looks++) {
      const artifact = await artifacts.get({ name }, options)
      if (artifact === null) return undefined
      try {
        return await artifact.bytes({ ...(options?.signal && { signal: options.signal }) })
      } catch (error) {
        if (!isGone(error) || looks === MAX_LOOKS) throw error
      }
    }
  }

  const removeAll = async (versions: readonly Artifact[], options?: CallOptions) => {
    for (const version of versions) {
      await artifacts.delete(version, { ...options, durability }).catch((error: unknown) => {
        if (!isGone(error)) throw error
      })
    }
  }

  async function* rangeOf(prefix: Key, latest: boolean, options?: CallOptions) {
    const name = `${nameOfKey(folder, prefix)}*`
    let cursor: string | undefined
    do {
      const page = await artifacts.list(
        { name, latest, sortBy: 'createdAt', order: 'asc', limit: PAGE, ...(cursor && { cursor }) },
        options,
      )
      yield page.items
      cursor = page.cursor
    } while (cursor !== undefined)
  }

  return {
    load,
    save: async (key, data, options) => {
      const name = nameOfOne(folder, key)
      assertBytes(key, data)
      const stored = await artifacts.store(
        { name, kind: 'key-value', mime: 'application/octet-stream', content: data },
        { ...options, durability },
      )
      if (stored.previousId === undefined) return
      const before = (await artifacts.versions(name, options)).filter(
        ({ version }) => version < stored.version,
      )
      await removeAll(before, options)
    },
    remove: async (key, options) => {
      const versions = await artifacts.versions(nameOfOne(folder, key), options)
      // The oldest first: an earlier one is never what a load finds.
      await removeAll(versions.toReversed(), options)
    },
    loadRange: async (prefix, options) => {
      // A key that is saved again while pages are read is on a later one too.
      const names = new Set<string>()
      for await (const page of rangeOf(prefix, true, options)) for (const { name } of page) names.add(name)
      const keys = [...names].map((name) => keyOfName(folder, name))
      const entries: Entry[] = []
      for (let at = 0; at < keys.length; at += AT_ONCE) {
        const read = keys
          .slice(at, at + AT_ONCE)
          .map(async (key) => ({ key, data: await load(key, options) }))
        for (const { key, data } of await Promise.all(read))
          if (data !== undefined) entries.push({ key, data })
      }
      return entries
    },
    removeRange: async (prefix, options) => {
      const found: Artifact[] = []
      for await (const page of rangeOf(prefix, false, options)) found.push(...page)
      await removeAll(found, options)
    },
  }
}

/** @throws INVALID_NAME also for a key without parts: it is that of all of them */
function nameOfOne(folder: string, key: Key): string {
  const name = nameOfKey(folder, key)
  if (key.length > 0) return name
  throw new InputError('INVALID_NAME', 'The key [] has no parts. Give at least one.', { key })
}

function assertBytes(key: Key, data: unknown): asserts data is Uint8Array {
  if (data instanceof Uint8Array) return
  throw new InputError(
    'INVALID_VALUE',
    `What is to be saved under ${JSON.stringify(key)} is no Uint8Array. Encode it first.`,
    { key },
  )
}

/** Another tab saved or removed the same key meanwhile. */
function isGone(error: unknown): boolean {
  return error instanceof HoldfastError && error.code === 'ARTIFACT_NOT_FOUND'
}
