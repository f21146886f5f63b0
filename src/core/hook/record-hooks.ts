import type { Collected, PayloadByPoint } from './definition.ts'
import { freezePayload } from './freeze-payload.ts'
import { andThen, inTurn, type Soon } from './in-turn.ts'
import { type HookNotes, NO_NOTES, withNote } from './notes.ts'
import type { PointName } from './points.ts'
import type { HookReply } from './reply.ts'

/** What record-hooks made of what is about to be written down. */
export interface ShapedRecord<Payload> {
  readonly payload: Payload
  readonly collected: readonly Collected[]
  readonly replies: readonly HookReply[]
}

/** Asks record-hooks in order; each sees what the ones before it changed. */
export function shapeRecord<Payload extends PayloadByPoint[PointName], Hook>(
  input: Payload,
  hooks: readonly Hook[],
  applies: (hook: Hook, payload: Payload) => boolean,
  ask: (hook: Hook, payload: Payload, notes: HookNotes) => Soon<HookReply>,
): Soon<ShapedRecord<Payload>> {
  const replies: HookReply[] = []
  const collected: Collected[] = []
  let payload = input
  let notes = NO_NOTES

  function askOne(hook: Hook): Soon<void> {
    if (!applies(hook, payload)) return
    return andThen(ask(hook, payload, notes), (reply) => {
      replies.push(reply)
      notes = withNote(notes, reply)
      const { outcome } = reply
      if (outcome.kind === 'modify') payload = freezePayload({ ...payload, ...outcome.change })
      if (outcome.kind === 'collect') collected.push(...outcome.artifacts)
    })
  }

  return andThen(inTurn(hooks, askOne), () => ({ payload, collected, replies }))
}
