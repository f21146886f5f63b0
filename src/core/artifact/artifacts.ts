import type { Collected } from '../hook/definition.ts'
import type { HookScope } from '../hook/operation-hooks.ts'
import type { SessionId } from '../ids.ts'
import type { Entropy } from '../ports.ts'
import type { Request } from '../request.ts'
import type { Recorded } from '../run/recorded.ts'
import type { StateValue } from '../state/value.ts'
import { type AsideStore, prepareAside, readAside } from './aside-content.ts'
import { abandonArtifacts, type PreparedCollection, prepareCollected } from './collect.ts'
import { createContentReader } from './content-reader.ts'
import { createDeleteArtifact } from './delete.ts'
import type { ArtifactDeps } from './deps.ts'
import { createEditArtifact } from './edit.ts'
import { createGetArtifact, createListVersions } from './find.ts'
import type { ArtifactRef, DeleteArtifact, EditArtifact, ReadArtifact, StoreArtifact } from './input.ts'
import { createIntake } from './intake.ts'
import { createListArtifacts } from './list.ts'
import type { ArtifactPage, ArtifactQuery } from './query.ts'
import { createReadArtifact, createStreamArtifact } from './read.ts'
import type { ArtifactRecord } from './record.ts'
import { type PreparedValue, prepareValue, readValue } from './recorded-value.ts'
import { createStoreArtifact } from './store.ts'

/** The use cases of artifacts. Every answer comes from the database. */
export interface Artifacts extends AsideStore {
  store(request: Request, input: StoreArtifact): Promise<ArtifactRecord>
  /** null where there is none. */
  get(request: Request, ref: ArtifactRef): Promise<ArtifactRecord | null>
  /** Newest first. */
  versions(
    request: Request,
    input: { readonly sessionId: SessionId; readonly name: string },
  ): Promise<readonly ArtifactRecord[]>
  list(request: Request, query: ArtifactQuery): Promise<ArtifactPage>
  /** At most 8 MiB of a range. */
  read(request: Request, input: ReadArtifact): Promise<Uint8Array>
  /** A range of any length, in the memory of two chunks. */
  stream(request: Request, input: ReadArtifact): AsyncGenerator<Uint8Array>
  edit(request: Request, input: EditArtifact): Promise<ArtifactRecord>
  delete(request: Request, input: DeleteArtifact): Promise<null>

  /** Before a decision: takes in what collectors asked for. `headsOfArtifacts` and `decideArtifacts` add it to the decision. */
  collect(collected: readonly Collected[], scope: HookScope): Promise<PreparedCollection>
  /** Before a decision: a value as its event records it. `rowsOfValue` adds it to the decision. */
  prepareValue(value: StateValue, signal?: AbortSignal): PreparedValue | Promise<PreparedValue>
  /** A recorded value. */
  readValue(recorded: Recorded): StateValue | Promise<StateValue>
}

export function createArtifacts(deps: ArtifactDeps & { readonly entropy: Entropy }): Artifacts {
  const intake = createIntake(deps)
  const reader = createContentReader(deps)
  return {
    store: createStoreArtifact({ ...deps, intake }),
    get: createGetArtifact(deps),
    versions: createListVersions(deps),
    list: createListArtifacts(deps),
    read: createReadArtifact(deps),
    stream: createStreamArtifact(deps),
    edit: createEditArtifact(deps),
    delete: createDeleteArtifact(deps),
    collect: (collected, scope) => prepareCollected({ hooks: deps.hooks, intake }, collected, scope),
    prepareValue: (value, signal) => prepareValue(intake, value, signal),
    abandon: (prepared) => abandonArtifacts(intake, prepared),
    prepareAside: (stream, asideClass, value, signal) =>
      prepareAside({ intake, entropy: deps.entropy }, stream, asideClass, value, signal),
    readAside: (aside) => readAside(reader, aside),
    readValue: (recorded) => readValue(reader, recorded),
  }
}
