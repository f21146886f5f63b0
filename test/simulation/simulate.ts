/**
 * One run from one number: tabs do what people do while the machine fails them, then the faults end, everything has to
 * come to rest, and what was promised has to be there.
 */
import { findProblems } from './aftermath.ts'
import { App } from './app.ts'
import type { Attempt } from './attempt.ts'
import { Machine } from './machine.ts'
import type { Known } from './operations.ts'
import { type Accident, type Plan, planOf } from './plan.ts'
import { seededRandom } from './random.ts'

export interface Report {
  readonly seed: number
  /** What is wrong; empty for a sound run. */
  readonly problems: readonly string[]
  /** The same for every run of this seed. */
  readonly trace: string
  readonly steps: number
  readonly attempts: readonly Attempt[]
  readonly plan: Plan
}

/** More than any run takes while things happen. */
const STEPS = 200_000

/** @param focus what is to be so in the run whatever the seed would have */
export async function simulate(seed: number, focus: Partial<Plan> = {}): Promise<Report> {
  const simulation = new Simulation(seed, focus)
  try {
    return await simulation.run()
  } finally {
    simulation.machine.switchOff()
  }
}

class Simulation {
  readonly machine: Machine
  readonly #seed: number
  readonly #random
  readonly #plan: Plan
  readonly #attempts: Attempt[] = []
  readonly #known: Known = { sessions: [], artifacts: [], checkpoints: [], effects: new Map() }
  readonly #apps: App[] = []

  constructor(seed: number, focus: Partial<Plan>) {
    this.#seed = seed
    this.#random = seededRandom(seed ^ 0x5eed)
    this.#plan = { ...planOf(seed, this.#random), ...focus }
    this.machine = new Machine(seed, this.#plan)
  }

  async run(): Promise<Report> {
    const { machine } = this
    await this.#act()
    if (!this.#apps.some((app) => app.isAlive && app.failed === undefined)) this.#openTab()
    const { problems, trace } = await findProblems({
      machine,
      random: this.#random,
      known: this.#known,
      attempts: this.#attempts,
      apps: this.#apps,
    })
    const { steps } = machine.scheduler
    return { seed: this.#seed, problems, trace, steps, attempts: this.#attempts, plan: this.#plan }
  }

  async #act(): Promise<void> {
    const { machine } = this
    const { tabs, actions, accidentRate, pauseMs, accidents } = this.#plan
    Object.assign(machine.diskFaults, this.#plan.disk)
    Object.assign(machine.channelFaults, this.#plan.channel)
    for (let count = 0; count < tabs; count += 1) this.#openTab()
    let left = actions
    const act = () => {
      left -= 1
      if (left <= 0) return
      if (accidents.length > 0 && this.#random.chance(accidentRate))
        this.#befall(this.#random.pick(accidents))
      else this.#operate()
      machine.scheduler.task(machine.scheduler.machine, this.#random.fraction() * pauseMs, 'act', act)
    }
    machine.scheduler.task(machine.scheduler.machine, 20, 'act', act)
    await machine.scheduler.run(() => left <= 0, { steps: STEPS, ms: Number.POSITIVE_INFINITY })
  }

  #operate(): void {
    const open = this.#apps.filter((app) => app.isAlive && app.isOpen)
    if (open.length === 0) {
      if (!this.#apps.some((app) => app.isAlive && app.failed === undefined)) this.#openTab()
      return
    }
    const name = this.#known.sessions.length === 0 ? 'create' : this.#random.pick(this.#plan.operations)
    this.#random.pick(open).perform(name)
  }

  #openTab(): void {
    this.#apps.push(new App(this.machine, this.#random, this.#known, this.#attempts))
  }

  #befall(accident: Accident): void {
    const { machine } = this
    const { scheduler } = machine
    const [app] = this.#apps.filter((each) => each.isAlive).slice(this.#random.between(0, 2))
    switch (accident) {
      case 'workerKilled':
        if (app?.tab.worker !== undefined) machine.end(app.tab.worker)
        return
      case 'tabCrashed':
        if (app !== undefined) machine.crash(app.tab)
        return
      case 'tabOpened':
        if (machine.tabs.length < 4) this.#openTab()
        return
      case 'tabClosed':
        if (app !== undefined) app.turn('close', () => this.#close(app))
        return
      case 'tabFrozen':
        if (app === undefined) return
        machine.freeze(app.tab)
        scheduler.task(scheduler.machine, this.#random.between(1, 8_000), 'thaw', () => machine.thaw(app.tab))
        return
      case 'clockJumped':
        scheduler.jump(this.#random.pick([-1, 1]) * this.#random.pick([500, 5_000, 3_600_000]))
        return
      case 'powerCut':
        machine.cutPower()
        this.#losePower()
        return
      default:
        accident satisfies never
    }
  }

  async #close(app: App): Promise<void> {
    if (!app.isOpen || app.isClosing) return
    app.isOpen = false
    app.isClosing = true
    await app.tab.holdfast?.close()
    this.machine.crash(app.tab)
  }

  /** What was acknowledged as relaxed may be gone, unless something strict was stored after it. */
  #losePower(): void {
    const barrier = Math.max(
      0,
      ...this.#attempts
        .filter(({ isStrict, state }) => isStrict && state === 'stored')
        // A run may answer from its recording, and what found nothing to do has stored nothing.
        .filter(
          ({ operation, trace }) => operation === 'flush' || (operation !== 'run' && trace !== undefined),
        )
        .map(({ begunAt }) => begunAt),
    )
    for (const attempt of this.#attempts) {
      const { isStrict, state, settledAt = 0 } = attempt
      if (state === 'stored' && !isStrict && settledAt >= barrier) attempt.state = 'maybe'
    }
  }
}
