import type { DamageBook } from '../core/damage/repair.ts'
import type { SessionId } from '../core/ids.ts'
import type { Request } from '../core/request.ts'
import type { Peers } from '../sync/peers.ts'
import { createArtifactMethods } from './artifact-methods.ts'
import type { Definitions } from './definitions.ts'
import { createDocumentMethods } from './document-methods.ts'
import { createImportMethods } from './import-methods.ts'
import type { Methods } from './methods.ts'
import type { Page } from './page.ts'
import type { Parts } from './parts.ts'
import { createReplayMethods } from './replay-methods.ts'
import { createSessionMethods } from './session-methods.ts'
import { createStepParts } from './step-methods.ts'
import { createStorageMethods } from './storage-methods.ts'

export interface MethodDeps {
  readonly parts: Parts
  readonly definitions: Definitions
  /** A template by name: the asking page's own first. */
  readonly templates: (name: string, request: Request) => unknown
  readonly page: (client: string) => Page | undefined
  /** Whether a worker gives a sign of life. */
  readonly answers: Peers['answers']
  /** A page has opened this session. */
  readonly opened: (session: SessionId) => void
  /** Stores what pages edited in documents until now. */
  readonly flushDocuments: () => Promise<void>
  readonly damage: DamageBook
}

export interface AllMethods {
  readonly methods: Methods
  /** To be called when a page has left. */
  pageLeft(page: string): void
}

/** The whole table of the worker's API, made of the use cases of each room. */
export function createMethods(deps: MethodDeps): AllMethods {
  const { parts, definitions, templates, page, answers, opened, flushDocuments, damage } = deps
  const steps = createStepParts(parts, answers)
  const sessions = { ...parts, templates, stateClasses: definitions.stateClasses }
  return {
    methods: {
      ...createSessionMethods(sessions, parts.storedTables, parts.artifacts, opened),
      ...createImportMethods(sessions, parts),
      ...createArtifactMethods(parts.artifacts, parts.world.meter),
      ...steps.methods,
      ...createReplayMethods(parts, definitions, page),
      ...createDocumentMethods(parts),
      ...createStorageMethods(parts, damage, flushDocuments),
    },
    pageLeft: steps.pageLeft,
  }
}
