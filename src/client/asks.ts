import { createError } from '../core/errors.ts'
import type { CloseAsk, HookAsk, PageMessage, Question, StepAsk } from '../protocol/messages.ts'
import { toForeignError } from '../protocol/wire-error.ts'
import type { Connection } from './connection.ts'

export interface Answerers {
  hook(ask: HookAsk): Promise<unknown>
  /** @param signal aborted when nobody waits for the answer any more */
  step(ask: StepAsk, signal: AbortSignal): Promise<unknown>
  close(ask: CloseAsk): void
}

/** Answers the worker that asked: another one, spawned meanwhile, knows nothing of the question. */
export function answerAsks(connection: Connection, answerers: Answerers): void {
  const stopByAsk = new Map<number, AbortController>()

  connection.listen((message, reply) => {
    if (message.type === 'unask') stopByAsk.get(message.ask)?.abort(cancelled())
    if (message.type !== 'ask') return
    const { ask, what } = message
    const stop = new AbortController()
    if (what.kind === 'step') stopByAsk.set(ask, stop)
    const answer = (outcome: Extract<PageMessage, { type: 'answer' }>['outcome']) => {
      // The next worker counts its questions from the first again.
      if (stopByAsk.get(ask) === stop) stopByAsk.delete(ask)
      reply({ type: 'answer', ask, outcome })
    }
    answerOf(answerers, what, stop.signal).then(
      (value) => answer({ ok: true, value }),
      (error: unknown) => answer({ ok: false, error: toForeignError(error) }),
    )
  })
}

function cancelled(): Error {
  return createError(
    'ABORTED',
    'The replay that ran this step again was cancelled; what it gives is dropped.',
  )
}

async function answerOf(answerers: Answerers, what: Question, signal: AbortSignal): Promise<unknown> {
  switch (what.kind) {
    case 'hook':
      return answerers.hook(what)
    case 'step':
      return answerers.step(what, signal)
    case 'close':
      return answerers.close(what)
    default:
      what satisfies never
      // A newer worker may ask for more.
      throw createError('VERSION_MISMATCH', 'This page has no answer to that question; reload it.')
  }
}
