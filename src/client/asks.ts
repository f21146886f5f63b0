import type { HookAsk, PageMessage, StepAsk } from '../protocol/messages.ts'
import { toForeignError } from '../protocol/wire-error.ts'
import type { Connection } from './connection.ts'

export interface Answerers {
  hook(ask: HookAsk): Promise<unknown>
  step(ask: StepAsk): Promise<unknown>
}

/** Answers the worker that asked: another one, spawned meanwhile, knows nothing of the question. */
export function answerAsks(connection: Connection, answerers: Answerers): void {
  connection.listen((message, reply) => {
    if (message.type !== 'ask') return
    const { ask, what } = message
    const answer = (outcome: Extract<PageMessage, { type: 'answer' }>['outcome']) =>
      reply({ type: 'answer', ask, outcome })
    const work = what.kind === 'hook' ? answerers.hook(what) : answerers.step(what)
    work.then(
      (value) => answer({ ok: true, value }),
      (error: unknown) => answer({ ok: false, error: toForeignError(error) }),
    )
  })
}
