import { createDeleteArtifact } from '../core/artifact/delete.ts'
import type { ArtifactDeps } from '../core/artifact/deps.ts'
import { createEditArtifact } from '../core/artifact/edit.ts'
import { createGetArtifact, createListVersions } from '../core/artifact/find.ts'
import type { Intake } from '../core/artifact/intake.ts'
import { createListArtifacts } from '../core/artifact/list.ts'
import { createReadArtifact } from '../core/artifact/read.ts'
import { createStoreArtifact } from '../core/artifact/store.ts'
import type { Methods } from './methods.ts'

export function createArtifactMethods(
  deps: ArtifactDeps & { readonly intake: Intake },
): Pick<Methods, Extract<keyof Methods, `artifacts.${string}`>> {
  return {
    'artifacts.store': createStoreArtifact(deps),
    'artifacts.get': createGetArtifact(deps),
    'artifacts.versions': createListVersions(deps),
    'artifacts.list': createListArtifacts(deps),
    'artifacts.read': createReadArtifact(deps),
    'artifacts.edit': createEditArtifact(deps),
    'artifacts.delete': createDeleteArtifact(deps),
  }
}
