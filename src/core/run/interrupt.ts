import {
  clockOfId,
  type EventId,
  type RequestId,
  type SessionId,
  sessionStream,
  type WriterId,
  writerOfId,
} from '../ids.ts'
import type { Request } from '../request.ts'
import { parseHead, sessionHeadKey } from '../session/head.ts'
import { findSession } from '../session/open.ts'
import { isPermitted } from '../session/status.ts'
import { makeEvent } from '../timeline/make-event.ts'
import { scanEvents } from '../timeline/scan.ts'
import type { StepDeps } from './deps.ts'
import { isEnd, isOf, type StepStart } from './open-step.ts'

/**
 * Says of steps outside runs that were cut off that they were: those without an end whose worker has ended. They are
 * never gone on with. Calls of an imported transcript that got no answer are left as they are.
 *
 * Reads the session's events from the newest back to its first step, so it belongs behind the opening of a session and not
 * before it. Gives the ids of the starts: none of a session that was deleted meanwhile.
 */
export async function interruptOrphanSteps(
  deps: Pick<StepDeps, 'journal' | 'log' | 'clock'> & {
    readonly isGone: (writer: WriterId) => Promise<boolean>
  },
  request: Request,
  sessionId: SessionId,
): Promise<readonly EventId[]> {
  const session = await findSession(deps.log, sessionId)
  if (session === null || session.counters.steps === 0 || !isPermitted(session.status, 'step')) return []
  const unfinished = await findUnfinished(deps, sessionId, session.counters.steps)
  const orphans = await ofGoneWriters(deps.isGone, unfinished)
  if (orphans.length === 0) return []
  const { clock, journal } = deps
  const outcome = await journal.commit<readonly EventId[]>({
    requestId: clock.nextId<RequestId>(),
    mayRepeat: false,
    durability: 'relaxed',
    heads: [sessionHeadKey(sessionId)],
    decide(heads) {
      const head = parseHead(heads.get(sessionHeadKey(sessionId)))
      // A session that left the status or was deleted meanwhile is as it was: a later opening looks again.
      if (head === undefined || !isPermitted(head.status, 'step')) {
        return { result: [], resultId: sessionId, writes: [] }
      }
      clock.observe(clockOfId(head.revision), 'database')
      const events = orphans.map(({ id, correlationId, data: { step, key } }) => {
        const actor = request.actor === undefined ? {} : { actor: request.actor }
        const frame = { correlationId, causeId: id, ...actor }
        return makeEvent(clock.nextId<EventId>(), 'step.interrupted', { step, key, startedId: id }, frame)
      })
      return {
        result: orphans.map(({ id }) => id),
        resultId: sessionId,
        writes: [{ stream: sessionStream(sessionId), events }],
      }
    },
  })
  return outcome.repeated ? [] : outcome.result
}

async function findUnfinished(
  { log }: Pick<StepDeps, 'log'>,
  sessionId: SessionId,
  steps: number,
): Promise<readonly StepStart[]> {
  const ended = new Set<EventId>()
  const unfinished: StepStart[] = []
  let seen = 0
  for await (const batch of scanEvents(log, sessionStream(sessionId), { reverse: true })) {
    for (const event of batch) {
      if (isEnd(event)) ended.add(event.data.startedId)
      else if (isOf(event, 'step.interrupted')) ended.add(event.data.startedId)
      else if (isOf(event, 'step.started')) {
        if (event.data.attempt <= 1) seen += 1
        const isOpen = event.data.runId === undefined && event.source !== 'import' && !ended.has(event.id)
        if (isOpen) unfinished.push(event)
      }
    }
    if (seen >= steps) break
  }
  return unfinished
}

async function ofGoneWriters(
  isGone: (writer: WriterId) => Promise<boolean>,
  starts: readonly StepStart[],
): Promise<readonly StepStart[]> {
  const writers = [...new Set(starts.map(({ id }) => writerOfId(id)))]
  const gone = new Set<WriterId>()
  for (const writer of writers) if (await isGone(writer)) gone.add(writer)
  return starts.filter(({ id }) => gone.has(writerOfId(id)))
}
