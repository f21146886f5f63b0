import type { Request } from '../core/request.ts'
import { createArtifactMethods } from './artifact-methods.ts'
import type { Definitions } from './definitions.ts'
import { createDocumentMethods } from './document-methods.ts'
import type { Methods } from './methods.ts'
import type { Page } from './page.ts'
import type { Parts } from './parts.ts'
import { createSessionMethods } from './session-methods.ts'
import { createStorageMethods } from './storage-methods.ts'

export interface MethodDeps {
  readonly parts: Parts
  readonly definitions: Definitions
  /** A template by name: the asking page's own first. */
  readonly templates: (name: string, request: Request) => unknown
  readonly page: (client: string) => Page | undefined
}

/** The whole table of the worker's API, made of the use cases of each room. */
export function createMethods({ parts, templates }: MethodDeps): Methods {
  return {
    ...createSessionMethods({ ...parts, templates }, parts.intake),
    ...createArtifactMethods(parts.artifactDeps),
    ...createDocumentMethods(parts),
    ...createStorageMethods(parts),
  } as Methods
}
