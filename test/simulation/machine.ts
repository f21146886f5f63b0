/** One machine with a browser on it: what can be done to its tabs, its clock and its power. */
import { Disk, type DiskFaults } from './disk.ts'
import { becomeHost } from './host.ts'
import { MachineLocks } from './locks.ts'
import { Broadcasts, type ChannelFaults } from './messages.ts'
import { type Random, seededRandom } from './random.ts'
import { type Agent, Scheduler } from './scheduler.ts'
import { Tab } from './tab.ts'

export class Machine {
  readonly random: Random
  readonly scheduler: Scheduler
  readonly diskFaults: DiskFaults = { aborted: 0, closed: 0 }
  readonly channelFaults: ChannelFaults = { lost: 0, doubled: 0, late: 0 }
  /** What went wrong where nobody waited for it. */
  readonly reports: { readonly agent: string; readonly error: unknown }[] = []
  tabs: Tab[] = []
  readonly disk: Disk
  readonly #locks: MachineLocks
  readonly #giveBack: () => void
  #opened = 0

  constructor(seed: number, { hasLocks = true } = {}) {
    this.random = seededRandom(seed)
    this.scheduler = new Scheduler(this.random.branch())
    this.disk = new Disk(this.scheduler, this.random.branch(), this.diskFaults)
    this.#locks = new MachineLocks(this.scheduler)
    this.#giveBack = becomeHost({
      scheduler: this.scheduler,
      random: this.random.branch(),
      disk: this.disk,
      locks: hasLocks ? this.#locks : undefined,
      broadcasts: new Broadcasts(this.scheduler, this.random.branch(), this.channelFaults),
      onReport: ({ name }, error) => this.reports.push({ agent: name, error }),
    })
  }

  openTab(): Tab {
    this.#opened += 1
    const tab: Tab = new Tab(`tab${this.#opened}`, {
      scheduler: this.scheduler,
      end: (agent) => this.end(agent),
      onError: (error) => this.reports.push({ agent: this.scheduler.current.name, error }),
    })
    this.tabs.push(tab)
    return tab
  }

  /** Something that an agent does by itself. */
  turn(agent: Agent, what: string, run: () => void): void {
    this.scheduler.task(agent, 0, what, run)
  }

  /** A worker or a page dies. The browser needs a moment to notice what that frees. */
  end(agent: Agent): void {
    if (!agent.alive) return
    agent.alive = false
    this.disk.release(agent)
    const release = () => this.#locks.release(agent)
    this.scheduler.task(this.scheduler.machine, this.scheduler.latency(2), 'free locks', release)
  }

  crash(tab: Tab): void {
    for (const agent of tab.agents) this.end(agent)
    this.tabs = this.tabs.filter((other) => other !== tab)
  }

  freeze(tab: Tab): void {
    for (const agent of tab.agents) agent.frozen = true
  }

  thaw(tab: Tab): void {
    for (const agent of tab.agents) this.scheduler.thaw(agent)
  }

  cutPower(): void {
    for (const tab of this.tabs) this.crash(tab)
    this.disk.cutPower()
  }

  switchOff(): void {
    this.#giveBack()
  }
}
