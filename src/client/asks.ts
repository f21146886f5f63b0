import { createError } from '../core/errors.ts'
import type { CloseAsk, HookAsk, PageMessage, Question, StepAsk } from '../protocol/messages.ts'
import { toForeignError } from '../protocol/wire-error.ts'
import type { Connection } from './connection.ts'

export interface Answerers {
  hook(ask: HookAsk): Promise<unknown>
  step(ask: StepAsk): Promise<unknown>
  close(ask: CloseAsk): void
}

/** Answers the worker that asked: another one, spawned meanwhile, knows nothing of the question. */
export function answerAsks(connection: Connection, answerers: Answerers): void {
  connection.listen((message, reply) => {
    if (message.type !== 'ask') return
    const { ask, what } = message
    const answer = (outcome: Extract<PageMessage, { type: 'answer' }>['outcome']) =>
      reply({ type: 'answer', ask, outcome })
    answerOf(answerers, what).then(
      (value) => answer({ ok: true, value }),
      (error: unknown) => answer({ ok: false, error: toForeignError(error) }),
    )
  })
}

async function answerOf(answerers: Answerers, what: Question): Promise<unknown> {
  switch (what.kind) {
    case 'hook':
      return answerers.hook(what)
    case 'step':
      return answerers.step(what)
    case 'close':
      return answerers.close(what)
    default:
      what satisfies never
      // A newer worker may ask for more.
      throw createError('VERSION_MISMATCH', 'This page has no answer to that question; reload it.')
  }
}
