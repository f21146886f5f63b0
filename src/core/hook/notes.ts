import type { StateValue } from '../state/value.ts'
import { freezePayload } from './freeze-payload.ts'

/** What the hooks asked before noted on one operation, by their ids: how hooks of one point tell each other something. */
export type HookNotes = Readonly<Record<string, StateValue>>

export const NO_NOTES: HookNotes = Object.freeze({})

/** A hook and what it answered. */
interface Noted {
  readonly hook: { readonly id: string }
  readonly outcome: { readonly kind: string; readonly note?: StateValue }
}

/** The same notes where the hook noted nothing. */
export function withNote(notes: HookNotes, { hook, outcome: { note } }: Noted): HookNotes {
  return note === undefined ? notes : freezePayload({ ...notes, [hook.id]: note })
}
