import type { OperationHooks } from '../hook/operation-hooks.ts'
import type { Journal, Log, Tables } from '../ports.ts'
import type { IntakeDeps } from './intake.ts'

/** What the use cases of artifacts need from the world. */
export interface ArtifactDeps extends IntakeDeps {
  readonly journal: Journal
  readonly log: Log
  readonly tables: Tables
  readonly hooks: OperationHooks
}
