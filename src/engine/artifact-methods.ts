import type { Artifacts } from '../core/artifact/artifacts.ts'
import type { StorageMeter } from '../core/ports.ts'
import type { Methods } from './methods.ts'
import { assertRoom, bytesOf } from './room.ts'

export function createArtifactMethods(
  artifacts: Artifacts,
  meter: StorageMeter,
): Pick<Methods, Extract<keyof Methods, `artifacts.${string}`>> {
  return {
    'artifacts.store': async (request, input) => {
      // What may be stored already needs no room.
      if (!request.mayRepeat) await assertRoom(meter, bytesOf(input.content))
      return artifacts.store(request, input)
    },
    'artifacts.get': (request, input) => artifacts.get(request, input),
    'artifacts.versions': (request, input) => artifacts.versions(request, input),
    'artifacts.list': (request, input) => artifacts.list(request, input),
    'artifacts.read': (request, input) => artifacts.read(request, input),
    'artifacts.edit': (request, input) => artifacts.edit(request, input),
    'artifacts.delete': (request, input) => artifacts.delete(request, input),
  }
}
