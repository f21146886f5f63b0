/** What comes after a run: the faults end, everything comes to rest, and what was promised has to be there. */
import { isSnapshotOf } from '../../src/context/is-snapshot-of.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { type DatabaseContent, readDatabase } from '../../src/testing/database-content.ts'
import { App } from './app.ts'
import type { Attempt } from './attempt.ts'
import { checkHistory, describe } from './check-history.ts'
import { checkLog } from './check-log.ts'
import { checkMirrors, checkPages } from './check-pages.ts'
import type { Machine } from './machine.ts'
import type { Known } from './operations.ts'
import type { Random } from './random.ts'
import { DATABASE } from './tab.ts'

export interface Run {
  readonly machine: Machine
  readonly random: Random
  readonly known: Known
  readonly attempts: Attempt[]
  readonly apps: readonly App[]
}

/** How long everything may take to come to rest: the longest deadline of a call, and a little. */
const REST = { steps: 200_000, ms: 700_000 }

export interface Found {
  readonly problems: readonly string[]
  /** Up to where the database was read, which takes the host's time. */
  readonly trace: string
}

export function findProblems(run: Run): Promise<Found> {
  return new Aftermath(run).find()
}

class Aftermath {
  readonly #run: Run
  readonly #machine: Machine
  readonly #problems: string[] = []
  #trace: string | undefined

  constructor(run: Run) {
    this.#run = run
    this.#machine = run.machine
  }

  async find(): Promise<Found> {
    await this.#rest()
    if (this.#problems.length === 0) await this.#check()
    this.#problems.push(...this.#machine.disk.stewardship.problems)
    // What fails in the background says what it was, too.
    for (const { agent, error } of this.#machine.reports) {
      if (isHoldfastError(error) && error.code !== 'INTERNAL') continue
      this.#problems.push(`${agent} reported ${describe(error)}`)
    }
    return { problems: this.#problems, trace: this.#trace ?? this.#machine.scheduler.trace }
  }

  /** Whoever lives has to be answered. */
  async #rest(): Promise<void> {
    const { scheduler, diskFaults, channelFaults } = this.#machine
    Object.assign(diskFaults, { aborted: 0, closed: 0 })
    Object.assign(channelFaults, { lost: 0, doubled: 0, late: 0 })
    for (const { tab } of this.#run.apps) this.#machine.thaw(tab)
    await scheduler.run(() => this.#waiting().every(isRun), REST)
    // A run in a suspended session waits until somebody resumes or ends it.
    if (this.#waiting().length > 0) await this.#endSessions()
    await scheduler.run(() => this.#waiting().length === 0, REST)
    for (const what of this.#waiting()) this.#problems.push(`Never came to an end: ${what}.`)
    for (const attempt of this.#run.attempts) if (attempt.state === 'waiting') attempt.state = 'maybe'
  }

  /** What the pages that live have not been told yet. */
  #waiting(): readonly string[] {
    const alive = this.#run.apps.filter((app) => app.isAlive)
    const names = new Set(alive.map((app) => app.tab.page.name))
    return [
      ...this.#run.attempts
        .filter(({ state, tab }) => state === 'waiting' && names.has(tab))
        .map(({ operation, number, tab }) => `${operation} of ${tab} (attempt ${number})`),
      ...alive
        .filter((app) => app.queued > 0 || app.isClosing || (!app.isOpen && app.failed === undefined))
        .map(({ isClosing, tab }) => `${isClosing ? 'close' : 'work'} of ${tab.page.name}`),
    ]
  }

  async #endSessions(): Promise<void> {
    const app = await this.#openFresh()
    for (const id of this.#run.known.sessions) {
      const end = async () => (await app?.open(id))?.fail('over')
      if (app !== undefined) await this.#done(app, `ends ${id}`, () => refusable(end))
    }
  }

  async #check(): Promise<void> {
    const fresh = await this.#openFresh()
    if (fresh === undefined) return
    const apps = [...this.#run.apps.filter((app) => app.isAlive && app.isOpen), fresh]
    await this.#touch(fresh)
    for (const app of apps) await this.#done(app, 'is flushed', () => flush(app))

    const differences = () => checkMirrors(fresh, apps)
    await this.#machine.scheduler.run(() => differences().length === 0, REST)
    this.#problems.push(...differences())
    this.#trace = this.#machine.scheduler.trace
    const content = await this.#read()
    if (content === undefined) return
    this.#problems.push(...checkLog(content), ...checkHistory(content, this.#run.attempts))
    await this.#done(fresh, 'reads everything', async () => {
      this.#problems.push(...(await checkPages(content, fresh)))
    })
    for (const [what, times] of this.#run.known.effects) {
      if (times > 1) this.#problems.push(`The effect ${what} was performed ${times} times.`)
    }
  }

  async #openFresh(): Promise<App | undefined> {
    const { random, known, attempts } = this.#run
    const app = new App(this.#machine, random, known, attempts)
    await this.#until('a fresh tab opens', () => app.isOpen || app.failed !== undefined)
    if (app.isOpen) return app
    this.#problems.push(`A fresh tab could not open: ${describe(app.failed)}`)
    return undefined
  }

  /** A message that was lost is made up for by the next one. */
  async #touch(fresh: App): Promise<void> {
    for (const id of this.#run.known.sessions) {
      const touch = async () => (await fresh.open(id)).edit({ tags: ['touched'] })
      await this.#done(fresh, `touches ${id}`, () => refusable(touch))
    }
  }

  async #read(): Promise<DatabaseContent | undefined> {
    let content: DatabaseContent | undefined
    let failure: unknown
    const look = async () => {
      for (const { law, message } of await checkLaws(DATABASE, { isSnapshotOf }))
        this.#problems.push(`${law}: ${message}`)
      content = await readDatabase(DATABASE)
    }
    const { machine } = this.#machine.scheduler
    this.#machine.turn(machine, 'look', () => {
      look().catch((error: unknown) => {
        failure = error
      })
    })
    const isOver = () => content !== undefined || failure !== undefined
    if (!(await this.#machine.scheduler.runWithHost(isOver)))
      this.#problems.push('The database was never read.')
    if (failure !== undefined) this.#problems.push(`The database could not be read: ${describe(failure)}`)
    return content
  }

  async #done(app: App, what: string, work: () => Promise<unknown>): Promise<void> {
    let isDone = false
    app.turn(what, async () => {
      try {
        await work()
      } catch (error) {
        this.#problems.push(`${app.tab.page.name} ${what}: ${describe(error)}`)
      }
      isDone = true
    })
    await this.#until(`${app.tab.page.name} ${what}`, () => isDone)
  }

  async #until(what: string, isDone: () => boolean): Promise<void> {
    if (await this.#machine.scheduler.run(isDone, REST)) return
    this.#problems.push(`Never came to pass: ${what}.`)
  }
}

function isRun(what: string): boolean {
  return what.startsWith('run of')
}

/**
 * No browser says that a worker ended before its script ran: what waits for it is refused when its time is over, and may
 * be tried again.
 */
async function flush({ tab: { holdfast } }: App): Promise<void> {
  try {
    await holdfast?.flush()
  } catch (error) {
    if (!isHoldfastError(error) || error.code !== 'WORKER_START') throw error
    await holdfast?.flush()
  }
}

/** What is refused with a code is no failure of the simulation. */
async function refusable(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!isHoldfastError(error)) throw error
  }
}
