import { createError } from '../errors.ts'
import type { ArtifactDraft } from '../hook/definition.ts'
import type { HookScope, OperationHooks } from '../hook/operation-hooks.ts'
import { shapeValue } from '../run/shape-value.ts'
import type { HookRunRecord } from '../timeline/catalog.ts'
import { parseDraft } from './fields.ts'

/** What before-hooks left of a draft. */
export interface GatedDraft {
  readonly draft: ArtifactDraft
  readonly runs: readonly HookRunRecord[]
}

/**
 * Runs the before-hooks of `artifact:store`, which may change the draft or refuse it. What they change it to was
 * checked when they answered.
 *
 * @throws HOOK_CANCELLED and the like.
 */
export async function gateDraft(
  hooks: OperationHooks,
  draft: ArtifactDraft,
  sizeBytes: number,
  scope: HookScope,
): Promise<GatedDraft> {
  const result = await hooks.before('artifact:store', { draft, sizeBytes }, scope)
  // The table of points lets no hook answer in this operation's stead; the type does not know which point it is.
  if (result.kind === 'replace')
    throw createError('HOOK_FAILED', 'A hook of artifact:store answered in its stead.')
  return { draft: await shapeDraft(hooks, result.payload.draft, scope), runs: result.runs }
}

/** What is said of an artifact is recorded in its event, so what is redacted in events is redacted there; its bytes are not. */
async function shapeDraft(
  hooks: OperationHooks,
  draft: ArtifactDraft,
  scope: HookScope,
): Promise<ArtifactDraft> {
  const { name, description, tags, metadata } = draft
  const said = { name, description, tags, metadata }
  const shaped = await shapeValue(hooks, 'artifact.stored', said, scope)
  // What hooks make of it may be anything: each field is checked as what it is.
  return shaped === said ? draft : parseDraft({ ...draft, ...(shaped as Partial<ArtifactDraft>) })
}
