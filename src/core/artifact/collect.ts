import { type HoldfastError, InputError, isHoldfastError, RefusedError } from '../errors.ts'
import type { Collected } from '../hook/definition.ts'
import type { HookScope, OperationHooks } from '../hook/operation-hooks.ts'
import type { HookRunRecord } from '../timeline/catalog.ts'
import { abandonArtifacts } from './abandon.ts'
import { assertGoing } from './byte-source.ts'
import type { PreparedArtifact } from './decide.ts'
import { gateDraft } from './gate.ts'
import type { Intake } from './intake.ts'
import { openSource } from './open-source.ts'

/** Artifacts that collectors asked for, ready for the decision of the operation they belong to. */
export interface PreparedCollection {
  readonly prepared: readonly PreparedArtifact[]
  /** What the before-hooks of `artifact:store` did, in the order of the artifacts. */
  readonly runs: readonly HookRunRecord[]
  /** What is left out: a hook refused it, or it is more than an artifact can have. */
  readonly refused: readonly { readonly name: string; readonly error: HoldfastError }[]
}

/**
 * Prepares what collectors asked for. The hooks of `artifact:store` gate these as they gate any other; one that is
 * refused is left out, because a collector adds to an operation and must not be the end of it.
 *
 * @throws what storage throws; ABORTED. Nothing is left behind then.
 */
export async function prepareCollected(
  deps: { readonly hooks: OperationHooks; readonly intake: Intake },
  collected: readonly Collected[],
  scope: HookScope,
): Promise<PreparedCollection> {
  const { hooks, intake } = deps
  const prepared: PreparedArtifact[] = []
  const runs: HookRunRecord[] = []
  const refused: { name: string; error: HoldfastError }[] = []
  const signal = scope.request.signal
  try {
    for (const { content, ...asked } of collected) {
      try {
        const source = openSource(content, signal)
        const gated = await gateDraft(hooks, asked, source.sizeBytes ?? 0, scope)
        runs.push(...gated.runs)
        prepared.push({ draft: gated.draft, content: await intake.take(source, { mime: gated.draft.mime }) })
      } catch (error) {
        assertGoing(signal)
        if (!isRefusal(error)) throw error
        refused.push({ name: asked.name, error })
      }
    }
    return { prepared, runs, refused }
  } catch (error) {
    await abandonArtifacts(intake, prepared)
    throw error
  }
}

function isRefusal(error: unknown): error is HoldfastError {
  return isHoldfastError(error) && (error instanceof InputError || error instanceof RefusedError)
}
