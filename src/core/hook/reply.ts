import type { RegisteredHook } from './registered-hook.ts'
import type { Answer } from './run-hook.ts'

/** A hook's part in one operation. */
export interface HookReply {
  readonly hook: Pick<RegisteredHook, 'id' | 'version' | 'name' | 'replayable'>
  /** `skipped`: left out because its breaker is open. */
  readonly outcome: Answer | { readonly kind: 'skipped' }
  /** It changed the input in the first pass. */
  readonly changed?: true
}
