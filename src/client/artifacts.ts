import type { ArtifactChanges, ArtifactContent, StoreArtifact } from '../core/artifact/input.ts'
import type { ArtifactQuery } from '../core/artifact/query.ts'
import type { ArtifactRecord } from '../core/artifact/record.ts'
import { MAX_ARTIFACT_BYTES } from '../core/artifact/size-limit.ts'
import type { Durability } from '../core/commit.ts'
import type { ArtifactId, SessionId } from '../core/ids.ts'
import { ARTIFACT_DURABILITY_SINCE } from '../protocol/since.ts'
import { type Artifact, createArtifact } from './artifact.ts'
import { assertStorable } from './assert-storable.ts'
import { toSendable } from './byte-source.ts'
import type { Caller } from './caller.ts'
import type { Connection } from './connection.ts'
import type { CallOptions, ChangeOptions } from './request.ts'
import type { ListWatch, ListWatchOptions, StartListWatch } from './watch-list.ts'

export interface ArtifactList {
  readonly items: readonly Artifact[]
  /** Present when there is more. */
  readonly cursor?: string
  /** Present when `count` was asked. */
  readonly total?: number
}

/** What `artifacts.get` finds one by: its id, the newest version of a name, or a certain one. */
export type ArtifactName = { readonly id: string } | { readonly name: string; readonly version?: number }

/** What calls take that change artifacts. */
export interface ArtifactWriteOptions extends ChangeOptions {
  /** `strict` survives a power cut once it resolved, `relaxed` at most 250 ms later. @defaultValue 'strict' */
  readonly durability?: Durability | undefined
}

/** The artifacts of one session. */
export interface Artifacts {
  /**
   * Stores bytes under a name; a name that is there gets a new version. Durable when it resolves,
   * unless told otherwise.
   * @throws INVALID_NAME, QUOTA_EXCEEDED, SESSION_NOT_ACTIVE, HOOK_CANCELLED
   */
  store(
    artifact: Omit<StoreArtifact, 'sessionId' | 'durability'>,
    options?: ArtifactWriteOptions,
  ): Promise<Artifact>
  /** null when there is none in this session. */
  get(name: ArtifactName, options?: CallOptions): Promise<Artifact | null>
  list(query?: Omit<ArtifactQuery, 'sessionId'>, options?: CallOptions): Promise<ArtifactList>
  /**
   * The list as it is now, and again whenever this or another tab made another one of it, for `for await`. Only the
   * newest waits to be read; a stream of changes is read about three times a second.
   * @throws what `list` throws, which ends the watch
   */
  watch(query?: Omit<ArtifactQuery, 'sessionId'>, options?: ListWatchOptions): ListWatch<ArtifactList>
  /** All versions of a name that are there, newest first. */
  versions(name: string, options?: CallOptions): Promise<readonly Artifact[]>
  /** Changes what may change after storing; the bytes never do. */
  edit(
    artifact: { readonly id: string },
    changes: ArtifactChanges,
    options?: ArtifactWriteOptions,
  ): Promise<Artifact>
  delete(artifact: { readonly id: string }, options?: ArtifactWriteOptions): Promise<void>
}

export function createArtifacts(
  connection: Pick<Connection, 'welcome'>,
  caller: Caller,
  startListWatch: StartListWatch,
  sessionId: SessionId,
): Artifacts {
  const handle = (record: ArtifactRecord) => createArtifact(record, caller)
  const idOf = (artifact: { readonly id: string }) => artifact.id as ArtifactId
  /** An older worker refuses the field, and knows only what is asked for by leaving it out: strict. */
  const lasting = (durability: ArtifactWriteOptions['durability']) =>
    durability === undefined || connection.welcome.protocol < ARTIFACT_DURABILITY_SINCE ? {} : { durability }
  return {
    store: async (artifact, { durability, ...options } = {}) => {
      assertStorable(artifact)
      const bound = caller.now()
      const { content, transfers } = await toSendable<ArtifactContent>(artifact.content, {
        ...options,
        sizeBytes: artifact.sizeBytes,
        maxBytes: MAX_ARTIFACT_BYTES,
      })
      const input = { ...artifact, sessionId, content, ...lasting(durability) }
      return handle(await bound.call('artifacts.store', input, { ...options, transfers }))
    },
    get: async (name, options) => {
      const ref = 'id' in name ? { id: idOf(name), sessionId } : { ...name, sessionId }
      const record = await caller.call('artifacts.get', ref, options)
      return record && handle(record)
    },
    list: async (query, options) => {
      const page = await caller.call('artifacts.list', { ...query, sessionId }, options)
      return { ...page, items: page.items.map(handle) }
    },
    watch: (query, options) =>
      startListWatch(
        sessionId,
        () => caller.call('artifacts.list', { ...query, sessionId }),
        options,
        (page): ArtifactList => ({ ...page, items: page.items.map(handle) }),
      ),
    versions: async (name, options) =>
      (await caller.call('artifacts.versions', { sessionId, name }, options)).map(handle),
    edit: async (artifact, changes, { durability, ...options } = {}) => {
      assertStorable(changes)
      const input = { id: idOf(artifact), sessionId, changes, ...lasting(durability) }
      return handle(await caller.call('artifacts.edit', input, options))
    },
    delete: async (artifact, { durability, ...options } = {}) => {
      const input = { id: idOf(artifact), sessionId, ...lasting(durability) }
      await caller.call('artifacts.delete', input, options)
    },
  }
}
