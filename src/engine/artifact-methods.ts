import type { Artifacts } from '../core/artifact/artifacts.ts'
import type { Methods } from './methods.ts'

export function createArtifactMethods(
  artifacts: Artifacts,
): Pick<Methods, Extract<keyof Methods, `artifacts.${string}`>> {
  return {
    'artifacts.store': (request, input) => artifacts.store(request, input),
    'artifacts.get': (request, input) => artifacts.get(request, input),
    'artifacts.versions': (request, input) => artifacts.versions(request, input),
    'artifacts.list': (request, input) => artifacts.list(request, input),
    'artifacts.read': (request, input) => artifacts.read(request, input),
    'artifacts.edit': (request, input) => artifacts.edit(request, input),
    'artifacts.delete': (request, input) => artifacts.delete(request, input),
  }
}
