import { createError } from '../errors.ts'
import type { ArtifactDraft } from '../hook/definition.ts'
import type { HookScope, OperationHooks } from '../hook/operation-hooks.ts'
import type { HookRunRecord } from '../timeline/catalog.ts'
import { parseDraft } from './fields.ts'
import { payloadOf } from './operation.ts'

/** What before-hooks left of a draft. */
export interface GatedDraft {
  readonly draft: ArtifactDraft
  readonly runs: readonly HookRunRecord[]
}

/**
 * Runs the before-hooks of `artifact:store`, which may change the draft or refuse it.
 *
 * @throws HOOK_CANCELLED and the like; HOOK_FAILED when a hook changed the draft to what cannot be stored.
 */
export async function gateDraft(
  hooks: OperationHooks,
  draft: ArtifactDraft,
  sizeBytes: number,
  scope: HookScope,
): Promise<GatedDraft> {
  const result = await hooks.before('artifact:store', { draft, sizeBytes }, scope)
  const changed = payloadOf(result, 'artifact:store').draft
  return { draft: changed === draft ? draft : parseChanged(changed), runs: result.runs }
}

function parseChanged(draft: ArtifactDraft): ArtifactDraft {
  try {
    return parseDraft(draft)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw createError(
      'HOOK_FAILED',
      `A before-hook changed an artifact to one that cannot be stored: ${reason}`,
      { point: 'artifact:store' },
      error,
    )
  }
}
