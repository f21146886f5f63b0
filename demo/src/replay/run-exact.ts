import type { ReplayReport, TimelineEvent } from 'holdfast'
import { type DemoSession, openDemoWith } from '../app/holdfast.ts'
import type { Answers } from '../look-up/answers.ts'
import { defineLookUps } from '../look-up/steps.ts'

/**
 * Replays a session exactly, to its end or to an event. With answers the transcript's tools are run again as look-ups;
 * without them nobody has their code, and the report says so.
 */
export async function runExact(
  session: DemoSession,
  answers: Answers | null,
  to: TimelineEvent | undefined,
): Promise<ReplayReport> {
  const options = { mode: 'exact', ...(to ? { to } : {}) } as const
  if (answers === null) return session.replay(options).report
  // Steps are named when a store is opened, so these have an opening of their own.
  await using holdfast = await openDemoWith(defineLookUps(answers))
  const again = await holdfast.sessions.open(session.id)
  return await again.replay(options).report
}
