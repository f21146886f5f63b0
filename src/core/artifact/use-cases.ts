/** The use cases of artifacts that pages ask for: they are loaded together, by the first that is asked for. */
import type { Collected } from '../hook/definition.ts'
import type { HookScope } from '../hook/operation-hooks.ts'
import { prepareCollected } from './collect.ts'
import { createDeleteArtifact } from './delete.ts'
import type { ArtifactDeps } from './deps.ts'
import { createEditArtifact } from './edit.ts'
import { createGetArtifact, createListVersions } from './find.ts'
import type { Intake } from './intake.ts'
import { createListArtifacts } from './list.ts'
import { createReadArtifact, createStreamArtifact } from './read.ts'
import { createStoreArtifact } from './store.ts'

export function createUseCases(deps: ArtifactDeps & { readonly intake: Intake }) {
  return {
    store: createStoreArtifact(deps),
    get: createGetArtifact(deps),
    versions: createListVersions(deps),
    list: createListArtifacts(deps),
    read: createReadArtifact(deps),
    stream: createStreamArtifact(deps),
    edit: createEditArtifact(deps),
    delete: createDeleteArtifact(deps),
    collect: (collected: readonly Collected[], scope: HookScope) => prepareCollected(deps, collected, scope),
  }
}
