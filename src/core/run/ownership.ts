import { createError, type HoldfastError } from '../errors.ts'
import type { RunId, SessionId, WriterId } from '../ids.ts'
import type { Locks, Log, Tables } from '../ports.ts'
import { parseRunHead, runHeadKey } from './head.ts'
import type { RunRow } from './record.ts'
import { type RecordedCall, readRecording } from './recording.ts'

/** A run that this worker holds the lock of. */
export interface Ownership {
  readonly run: RunRow
  readonly epoch: number
  /** What is recorded of its steps, by their keys; this worker alone adds to it. */
  readonly calls: Map<string, RecordedCall>
  /** Keys of steps that were started in this ownership: one asked for again is a mistake of the code, not a resume. */
  readonly started: Set<string>
  /** The count of resumes is not 0: the first end takes it back. */
  resumed: boolean
  release(): void
}

/** The runs that this worker owns. Memory only: locks and heads decide. */
export interface Ownerships {
  get(run: RunId): Ownership | undefined
  add(ownership: Ownership): void
  /** Gives the lock back. */
  release(run: RunId): void
  /** Takes a run's lock; undefined when another tab has it. */
  lock(run: RunId): Promise<(() => void) | undefined>
  /**
   * Takes a run's lock from its owner, where that does not answer: a tab that the browser froze keeps its locks.
   * Undefined where it answers, or where another one is the owner by now.
   */
  lockFromSilent(run: RunRow): Promise<(() => void) | undefined>
  /**
   * The ownership of a run at an epoch. A worker that was started anew under a living page takes the run back, if no
   * other tab took it meanwhile.
   *
   * @throws RUN_FENCED where the run is not this worker's any more
   */
  ensure(run: RunId, epoch: number | undefined): Promise<Ownership>
}

export function runLockName(run: RunId): string {
  return `run:${run}`
}

export function createOwnerships(deps: {
  readonly locks: Locks
  readonly log: Log
  readonly tables: Pick<Tables, 'head' | 'run'>
  /** Whether that worker gives a sign of life. @defaultValue it does: who cannot ask takes nothing away */
  readonly answers?: (writer: WriterId) => Promise<boolean>
  /** Keeps a session's document in memory while a run goes on in it; the function returned ends that. */
  readonly pin?: (session: SessionId) => () => void
}): Ownerships {
  const { locks, log, tables, answers = async () => true, pin = () => () => {} } = deps
  const owned = new Map<RunId, Ownership>()
  const unpinByRun = new Map<RunId, () => void>()
  const takingBack = new Map<RunId, Promise<Ownership>>()

  function own(ownership: Ownership): void {
    const { id, sessionId } = ownership.run
    owned.set(id, ownership)
    if (!unpinByRun.has(id)) unpinByRun.set(id, pin(sessionId))
  }

  function disown(run: RunId): void {
    owned.delete(run)
    unpinByRun.get(run)?.()
    unpinByRun.delete(run)
  }

  function lock(run: RunId): Promise<(() => void) | undefined> {
    return holdLock(run, { ifAvailable: true })
  }

  function holdLock(
    run: RunId,
    options: { readonly ifAvailable: true } | { readonly steal: true },
  ): Promise<(() => void) | undefined> {
    return new Promise((resolve, reject) => {
      let release: (() => void) | undefined
      const held = locks.request(runLockName(run), options, () => {
        return new Promise<void>((free) => {
          release = free
          resolve(free)
        })
      })
      // Where the lock is taken, `hold` is never called and this is the answer; later it changes nothing.
      held
        .then(() => resolve(undefined), reject)
        // It may have been stolen: the run is another tab's now.
        .finally(() => {
          if (release !== undefined && owned.get(run)?.release === release) disown(run)
        })
    })
  }

  async function takeBack(run: RunId, epoch: number | undefined): Promise<Ownership> {
    const release = await lock(run)
    if (release === undefined) throw notOurs(run)
    try {
      const [head, row, calls] = await Promise.all([
        tables.head(runHeadKey(run)),
        tables.run(run),
        readRecording(log, run),
      ])
      const known = parseRunHead(head)
      if (row === undefined || known?.status !== 'running' || known.epoch !== epoch) throw notOurs(run)
      const started = new Set<string>()
      const ownership = { run: row, epoch, calls, started, resumed: row.resumes > 0, release }
      own(ownership)
      return ownership
    } catch (error) {
      release()
      throw error
    }
  }

  return {
    get: (run) => owned.get(run),
    add: own,
    release(run) {
      owned.get(run)?.release()
      disown(run)
    },
    lock,
    async lockFromSilent({ id, owner, epoch }) {
      if (await answers(owner)) return undefined
      const present = parseRunHead(await tables.head(runHeadKey(id)))
      return present?.epoch === epoch ? holdLock(id, { steal: true }) : undefined
    },
    async ensure(run, epoch) {
      const known = owned.get(run)
      if (known !== undefined) {
        if (known.epoch === epoch) return known
        throw notOurs(run)
      }
      const taking = takingBack.get(run) ?? takeBack(run, epoch).finally(() => takingBack.delete(run))
      takingBack.set(run, taking)
      const taken = await taking
      if (taken.epoch === epoch) return taken
      throw notOurs(run)
    },
  }
}

function notOurs(run: RunId): HoldfastError {
  return createError(
    'RUN_FENCED',
    `Run ${run} is not this tab's any more; open it again to see where it stands.`,
    {
      runId: run,
    },
  )
}
