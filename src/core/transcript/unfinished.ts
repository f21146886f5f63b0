import { type RequestId, type SessionId, sessionOfStream, sessionStream } from '../ids.ts'
import type { Journal, Locks, Log, Tables } from '../ports.ts'
import { isHidden } from '../session/fold.ts'
import { parseHead, sessionHeadKey } from '../session/head.ts'
import { HIDDEN_REF } from '../session/refs.ts'
import { fenceRow } from '../steward.ts'
import type { HybridClock } from '../timeline/hybrid-clock.ts'

/** The lock that an import holds from before its session is made until that is visible or gone. */
export function importLockName(session: SessionId): string {
  return `import:${session}`
}

export interface UnfinishedDeps {
  readonly journal: Journal
  readonly clock: HybridClock
}

/**
 * Removes the session of an import that did not come to its end. Nobody has seen it, so it leaves no tombstone.
 * @param fence as a steward's chore
 */
export async function removeUnfinishedImport(
  { journal, clock }: UnfinishedDeps,
  session: SessionId,
  fence?: number,
): Promise<void> {
  const key = sessionHeadKey(session)
  await journal.commit({
    requestId: clock.nextId<RequestId>(),
    mayRepeat: false,
    durability: 'relaxed',
    heads: [key],
    decide(heads) {
      const known = parseHead(heads.get(key)) !== undefined
      return {
        result: undefined,
        resultId: session,
        writes: [],
        heads: known ? [{ key, value: undefined }] : [],
        erase: known ? [sessionStream(session)] : [],
        rows: fence === undefined ? [] : [fenceRow(fence)],
      }
    },
  })
}

/**
 * Removes what imports left whose worker ended in the middle. An import that runs in another tab holds its lock and is
 * left alone. Gives the ids of the sessions that went.
 */
export async function sweepUnfinishedImports(
  deps: UnfinishedDeps & {
    readonly log: Log
    readonly tables: Pick<Tables, 'session'>
    readonly locks: Locks
  },
  fence?: number,
): Promise<readonly SessionId[]> {
  const { log, tables, locks } = deps
  const rows = await log.byRef(HIDDEN_REF)
  const sessions = new Set(rows.map((row) => sessionOfStream(row.stream)).filter((id) => id !== undefined))
  const swept: SessionId[] = []
  for (const id of sessions) {
    const removed = await locks.request(importLockName(id), { ifAvailable: true }, async () => {
      const record = await tables.session(id)
      if (record === undefined || !isHidden(record)) return false
      await removeUnfinishedImport(deps, id, fence)
      return true
    })
    if (removed === true) swept.push(id)
  }
  return swept
}
