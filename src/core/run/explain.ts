import type { Locks } from '../ports.ts'
import { type Ownerships, runLockName } from './ownership.ts'
import type { RunRow } from './record.ts'

/** Why a run stands where it stands, and who can change that. */
export interface RunExplanation {
  readonly status: RunRow['status']
  /** Since when, in milliseconds since 1970. */
  readonly since: number
  /** A sentence for a person. */
  readonly why: string
  /** Who can make it go on: the tab that runs it, whoever opens it again, a person who looks, or nobody, since it ended. */
  readonly who: 'owner' | 'anybody' | 'person' | 'nobody'
}

export async function explainRun(
  deps: { readonly locks: Locks; readonly ownerships: Pick<Ownerships, 'get'> },
  run: RunRow,
): Promise<RunExplanation> {
  const { status, updatedAt: since, blocked } = run
  const said = (who: RunExplanation['who'], why: string): RunExplanation => ({ status, since, who, why })
  switch (status) {
    case 'done':
      return said('nobody', 'It is done; opening it with its key gives its result.')
    case 'failed':
      return said('nobody', `It failed: ${run.error?.message ?? 'no reason was given'}`)
    case 'cancelled':
      return said('nobody', 'It was cancelled.')
    case 'waiting':
      return said('person', 'It waits for an answer.')
    case 'blocked':
      return said(blocked?.why === 'diverged' ? 'anybody' : 'person', blocked?.message ?? 'It is parked.')
    case 'running':
      if (deps.ownerships.get(run.id) !== undefined) return said('owner', 'This tab runs it.')
      if (await isHeld(deps.locks, run)) return said('owner', 'Another tab runs it.')
      return said('anybody', 'The tab that ran it is gone; open it again to go on where it stopped.')
  }
}

/** A lock that can be taken is held by nobody. It is given back at once. */
async function isHeld(locks: Locks, run: RunRow): Promise<boolean> {
  const free = await locks.request(runLockName(run.id), { ifAvailable: true }, async () => true)
  return free !== true
}
