import type { Collected, HookContext } from '../core/hook/definition.ts'
import type { StateValue } from '../core/state/value.ts'
import type { HookAsk } from '../protocol/messages.ts'
import type { PageHook } from '../protocol/page-definitions.ts'

/** What a page's hook is given beside the payload: what the worker says of the operation, and the answers. */
export function contextOf(
  { context, point, stage }: HookAsk,
  { timeoutMs }: PageHook,
  open: () => Promise<unknown>,
): object {
  const { cause, now, hookPath, notes = {}, ...rest } = context
  return {
    ...rest,
    ...cause,
    point,
    stage,
    hookPath,
    notes,
    // The path ends with what this hook itself gates; a replay has none.
    depth: Math.max(0, hookPath.length - 1),
    signal: AbortSignal.timeout(timeoutMs),
    now: () => now,
    open,
    ...ANSWERS,
  } satisfies HookContext & Record<string, unknown>
}

const ANSWERS = {
  continue: (note?: StateValue) => ({ kind: 'continue', note }),
  modify: (change: object, note?: StateValue) => ({ kind: 'modify', change, note }),
  cancel: (reason: string) => ({ kind: 'cancel', reason }),
  replace: (result: StateValue) => ({ kind: 'replace', result }),
  collect: (artifacts: readonly Collected[], note?: StateValue) => ({ kind: 'collect', artifacts, note }),
}
