import type { Collected } from '../hook/definition.ts'
import type { HookScope } from '../hook/operation-hooks.ts'
import type { Recorded } from '../run/recorded.ts'
import type { StateValue } from '../state/value.ts'
import { abandonArtifacts, prepareCollected } from './collect.ts'
import { createContentReader } from './content-reader.ts'
import type { PreparedArtifact } from './decide.ts'
import { createDeleteArtifact } from './delete.ts'
import type { ArtifactDeps } from './deps.ts'
import { createEditArtifact } from './edit.ts'
import { createGetArtifact, createListVersions } from './find.ts'
import { createIntake } from './intake.ts'
import { createListArtifacts } from './list.ts'
import { createReadArtifact, createStreamArtifact } from './read.ts'
import { prepareValue, readValue } from './recorded-value.ts'
import { createStoreArtifact } from './store.ts'

export type Artifacts = ReturnType<typeof createArtifacts>

/** The use cases of artifacts, and what other operations need to make artifacts and large values part of their commits. */
export function createArtifacts(deps: ArtifactDeps) {
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
    /** Before a decision: takes in what collectors asked for; see `decideArtifacts` for the decision itself. */
    collect: (collected: readonly Collected[], scope: HookScope) =>
      prepareCollected({ hooks: deps.hooks, intake }, collected, scope),
    /** After a decision that did not come to a commit. */
    abandon: (prepared: readonly PreparedArtifact[]) => abandonArtifacts(intake, prepared),
    /** Before a decision: a value as its event records it; see `rowsOfValue` for the decision itself. */
    prepareValue: (value: StateValue, signal?: AbortSignal) => prepareValue(intake, value, signal),
    /** A recorded value. */
    readValue: (recorded: Recorded) => readValue(reader, recorded),
  }
}
