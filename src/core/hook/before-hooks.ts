/**
 * The two passes of before-hooks, which make sure that no veto is decided on an input other than the final one.
 *
 * First pass: every hook in order is asked about the input as the hooks before it left it, and `modify` changes it for
 * the next. Second pass: every hook whose answer belongs to another input than the final one, or to other notes of the
 * hooks before it, is asked again, in order;
 * its answer counts, but a further `modify` is ignored. A hook is thus asked once where nothing was changed, and at
 * most twice. `when` is tested on the same input as the hook is asked about.
 */
import { createError, type HoldfastError } from '../errors.ts'
import { sameValue } from '../state/same-value.ts'
import type { StateValue } from '../state/value.ts'
import type { PayloadByPoint } from './definition.ts'
import { freezePayload } from './freeze-payload.ts'
import { andThen, inTurn, type Soon } from './in-turn.ts'
import { type HookNotes, NO_NOTES, withNote } from './notes.ts'
import { type PointName, stageOf } from './points.ts'
import type { RegisteredHook } from './registered-hook.ts'
import type { HookReply } from './reply.ts'

/** What before-hooks decided together. */
export interface BeforeDecision<Payload> {
  readonly payload: Payload
  /** Each hook's answer to the final input, in order. */
  readonly replies: readonly HookReply[]
  readonly replaced?: { readonly result: StateValue }
}

interface Turn<Payload> {
  readonly hook: RegisteredHook
  /** The input and the notes that `reply` belongs to. */
  seen: Payload
  notes: HookNotes
  /** Absent where the hook does not apply to that input. */
  reply?: HookReply
}

interface Asking<Payload> {
  readonly applies: (hook: RegisteredHook, payload: Payload) => boolean
  /** Throws when a hook failed that must not fail. */
  readonly ask: (hook: RegisteredHook, payload: Payload, notes: HookNotes) => Soon<HookReply>
  readonly onCancel: (hook: RegisteredHook, error: HoldfastError) => void
}

/** @throws HOOK_CANCELLED by the first hook in order that vetoes the final input. */
export function askBeforeHooks<Payload extends PayloadByPoint[PointName]>(
  point: PointName,
  input: Payload,
  hooks: readonly RegisteredHook[],
  { applies, ask, onCancel }: Asking<Payload>,
): Soon<BeforeDecision<Payload>> {
  const mayChange = stageOf(point, 'before')?.outcomes.includes('modify') ?? false
  const turns: Turn<Payload>[] = []
  let current = input
  let notes = NO_NOTES

  function askFirst(hook: RegisteredHook): Soon<void> {
    const turn: Turn<Payload> = { hook, seen: current, notes }
    turns.push(turn)
    if (!applies(hook, current)) return
    return andThen(ask(hook, current, notes), (reply) => {
      turn.reply = reply
      notes = withNote(notes, reply)
      if (reply.outcome.kind === 'modify') {
        turn.reply = { ...reply, changed: true }
        current = freezePayload({ ...current, ...reply.outcome.change })
      }
      // Where nothing can be changed the input is final already.
      if (!mayChange) refuseIfCancelled(turn)
    })
  }

  function askAgain(turn: Turn<Payload>): Soon<void> {
    const first = turn.reply
    if (isSilent(first?.outcome)) return
    if (turn.seen === current && sameValue(turn.notes, notes)) {
      if (first !== undefined) notes = withNote(notes, first)
      return
    }
    turn.seen = current
    turn.notes = notes
    delete turn.reply
    if (!applies(turn.hook, current)) return
    return andThen(ask(turn.hook, current, notes), (reply) => {
      notes = withNote(notes, reply)
      if (reply.outcome.kind === 'modify') turn.hook.counters.ignoredChanges += 1
      turn.reply = first?.changed ? { ...reply, changed: true } : reply
    })
  }

  function decide(turn: Turn<Payload>): Soon<void> {
    return andThen(askAgain(turn), () => refuseIfCancelled(turn))
  }

  return andThen(inTurn(hooks, askFirst), () => {
    notes = NO_NOTES
    return andThen(inTurn(turns, decide), () => {
      const replies = turns.flatMap(({ reply }) => reply ?? [])
      const outcomes = replies.map(({ outcome }) => outcome)
      const replaced = outcomes.find((outcome) => outcome.kind === 'replace')
      return { payload: current, replies, ...(replaced === undefined ? {} : { replaced }) }
    })
  })

  function refuseIfCancelled({ hook, reply }: Turn<Payload>): void {
    if (reply?.outcome.kind !== 'cancel') return
    const error = cancelled(point, hook, reply.outcome.reason)
    onCancel(hook, error)
    throw error
  }
}

/** A hook that was left out, or whose failure is ignored, is not asked a second time. */
function isSilent(outcome: HookReply['outcome'] | undefined): boolean {
  return outcome?.kind === 'skipped' || outcome?.kind === 'failed'
}

function cancelled(point: PointName, hook: RegisteredHook, reason: string): HoldfastError {
  return createError('HOOK_CANCELLED', `Hook ${JSON.stringify(hook.id)} cancelled ${point}: ${reason}`, {
    hook: hook.id,
    version: hook.version,
    reason,
    point,
  })
}
