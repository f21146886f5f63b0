/** The app on one tab's page: it performs operations, keeps handles, and opens the database anew where it was lost. */
import type { Session } from '../../src/client/session-handle.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { type Attempt, markerOf } from './attempt.ts'
import type { Machine } from './machine.ts'
import { isUncertain, type Known, OPERATIONS, type OperationName } from './operations.ts'
import type { Random } from './random.ts'
import type { Tab } from './tab.ts'

export class App {
  readonly tab: Tab
  readonly sessions = new Map<string, Session>()
  /** Why the database could not be opened. */
  failed: unknown
  isOpen = false
  isClosing = false
  /** What it was asked to do and has not begun: a frozen page begins nothing. */
  queued = 0
  readonly #machine: Machine
  readonly #random: Random
  readonly #known: Known
  readonly #attempts: Attempt[]

  constructor(machine: Machine, random: Random, known: Known, attempts: Attempt[]) {
    this.#machine = machine
    this.#random = random
    this.#known = known
    this.#attempts = attempts
    this.tab = machine.openTab()
    this.turn('open', () => this.#open())
  }

  get isAlive(): boolean {
    return this.tab.page.alive
  }

  /** Lets the page do something. */
  turn(what: string, work: () => Promise<unknown>): void {
    this.queued += 1
    this.#machine.turn(this.tab.page, what, () => {
      this.queued -= 1
      void work()
    })
  }

  perform(name: OperationName): void {
    if (this.isOpen) this.turn(name, () => this.#perform(name))
  }

  async #open(): Promise<void> {
    try {
      const { storage } = await this.tab.open()
      this.isOpen = true
      storage.subscribe((state) => {
        if (state === 'lost') this.#machine.scheduler.task(this.tab.page, 20, 'reopen', () => this.#reopen())
      })
    } catch (error) {
      this.failed = error
      if (!isHoldfastError(error)) this.#machine.reports.push({ agent: this.tab.page.name, error })
    }
  }

  #reopen(): void {
    this.tab.holdfast?.reopen().catch((error: unknown) => {
      if (!isHoldfastError(error)) this.#machine.reports.push({ agent: this.tab.page.name, error })
      this.#machine.scheduler.task(this.tab.page, 500, 'reopen', () => this.#reopen())
    })
  }

  async #perform(name: OperationName): Promise<void> {
    const { holdfast, page } = this.tab
    if (holdfast === undefined) return
    const { isStrict, perform } = OPERATIONS[name]
    const durability = this.#random.chance(0.3) ? 'strict' : 'relaxed'
    const attempt: Attempt = {
      number: this.#attempts.length,
      tab: page.name,
      operation: name,
      isStrict: isStrict === 'chosen' ? durability === 'strict' : isStrict,
      begunAt: this.#machine.scheduler.elapsed,
      state: 'waiting',
    }
    this.#attempts.push(attempt)
    const doing = {
      holdfast,
      durability,
      random: this.#random,
      known: this.#known,
      marker: markerOf(attempt.number),
      session: () => this.open(this.#random.pick(this.#known.sessions.slice(-4))),
      leaves: (trace: Attempt['trace'] & object) => {
        attempt.trace = trace
      },
    } as const
    try {
      await perform(doing)
      attempt.state = 'stored'
    } catch (error) {
      attempt.error = error
      attempt.state = isUncertain(error) ? 'maybe' : 'refused'
    }
    attempt.settledAt = this.#machine.scheduler.elapsed
  }

  /** A handle that is kept, as an app keeps those of the sessions it shows. */
  async open(id: string): Promise<Session> {
    const known = this.sessions.get(id)
    if (known !== undefined) return known
    const session = await this.tab.holdfast?.sessions.open(id)
    if (session === undefined) throw new Error('The page is not open.')
    this.sessions.set(id, session)
    return session
  }
}
