import { contents } from '../core/artifact/late-contents.ts'
import type { DamageBook } from '../core/damage/repair.ts'
import { collectors } from '../core/hook/late-collectors.ts'
import type { SessionId } from '../core/ids.ts'
import { late } from '../core/late.ts'
import type { Request } from '../core/request.ts'
import type { Peers } from '../sync/peers.ts'
import { createArtifactMethods } from './artifact-methods.ts'
import type { Definitions } from './definitions.ts'
import { lateMethods } from './late-methods.ts'
import type { Methods } from './methods.ts'
import type { Page } from './page.ts'
import type { Parts } from './parts.ts'
import type { ReplayParts } from './replay-methods.ts'
import { createSessionMethods } from './session-methods.ts'
import type { StepParts } from './step-methods.ts'

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

const imports = late('imports', () => import('./import-methods.ts'), [contents, collectors])
const replay = late('replay', () => import('./replay-methods.ts'))
/** What a step gives may be large: by then it is too late to find that the code for it cannot be had. */
const steps = late('steps and runs', () => import('./step-methods.ts'), [contents, collectors])
const store = late('questions about the store and its hooks', () => import('./storage-methods.ts'))
const documents = late('documents', () => import('./document-methods.ts'))

/** The whole table of the worker's API, made of the use cases of each room. */
export function createMethods(deps: MethodDeps): AllMethods {
  const { parts, definitions, templates, page, answers, opened, flushDocuments, damage } = deps
  const { stateClasses, holdEvent } = definitions
  const sessions = { ...parts, templates, stateClasses, holdEvent }
  let stepParts: StepParts | undefined
  let replayParts: ReplayParts | undefined
  return {
    methods: {
      ...createSessionMethods(sessions, parts.storedTables, parts.artifacts, opened),
      ...lateMethods(['sessions.import'], imports, ({ createImportMethods }) =>
        createImportMethods(sessions, parts),
      ),
      ...createArtifactMethods(parts.artifacts, parts.world.meter),
      ...lateMethods(STEP_METHODS, steps, ({ createStepParts }) => {
        stepParts = createStepParts(parts, answers)
        return stepParts.methods
      }),
      ...lateMethods(REPLAY_METHODS, replay, ({ createReplayParts }) => {
        replayParts = createReplayParts(parts, definitions, page)
        return replayParts.methods
      }),
      ...lateMethods(
        ['documents.list', 'documents.export', 'adopt.yIndexedDB'],
        documents,
        ({ createDocumentMethods }) => createDocumentMethods(parts),
      ),
      ...lateMethods(STORE_METHODS, store, ({ createStorageMethods }) => createStorageMethods(parts, damage)),
      flush: async () => {
        await flushDocuments()
        // What another tab stored, or one that is gone, may not be safe yet, and this worker would not know.
        await parts.journal.secure({ unsafe: true })
        await parts.journal.flush()
        return null
      },
    },
    pageLeft: (left) => {
      stepParts?.pageLeft(left)
      replayParts?.pageLeft(left)
    },
  }
}

const REPLAY_METHODS = [
  'replay.run',
  'replay.advance',
  'replay.end',
  'replay.diff',
  'recordings.save',
] as const
const STORE_METHODS = [
  'storage.info',
  'storage.damage',
  'storage.repair',
  'hooks.call',
  'hooks.list',
  'hooks.stats',
  'hooks.metrics',
  'hooks.switch',
  'hooks.breakers',
  'hooks.resetBreakers',
] as const

const STEP_METHODS = [
  'steps.start',
  'steps.finish',
  'steps.expire',
  'runs.open',
  'runs.finish',
  'runs.cancel',
  'runs.free',
  'runs.leave',
  'runs.explain',
  'runs.list',
  'recordings.value',
] as const
