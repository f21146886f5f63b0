/**
 * One thread, one clock, one order: everything that happens in a simulation is a task of some agent, and which comes
 * next follows from the seed alone.
 */
import type { Random } from './random.ts'

/** Something that runs by itself and can die: a page, a worker, the machine. */
export interface Agent {
  readonly name: string
  alive: boolean
  /** A frozen agent's tasks wait until it thaws; what it holds stays held. */
  frozen: boolean
}

interface Task {
  readonly due: number
  readonly order: number
  readonly agent: Agent
  readonly what: string
  readonly run: () => void
  cancelled: boolean
}

/** The host's own: those that a simulation puts in their place would wait for it. */
const nextTurn = globalThis.setImmediate

const laterInHost = globalThis.setTimeout

/** Rounds of a millisecond of the host's time. */
const MAX_ROUNDS = 10_000

const NOON = Date.UTC(2026, 0, 1, 12)

export class Scheduler {
  readonly machine: Agent = { name: 'machine', alive: true, frozen: false }
  /** Whose turn it is: everything that is asked of the host meanwhile is asked by this one. */
  current: Agent = this.machine
  /** Milliseconds since the machine was started, which grow evenly. */
  elapsed = 0
  steps = 0
  readonly #random: Random
  readonly #queue = new Heap()
  readonly #held = new Map<Agent, Task[]>()
  readonly #lastOf = new Map<object, number>()
  #order = 0
  #wallOffset = 0
  #hash = 0x811c9dc5

  constructor(random: Random) {
    this.#random = random
  }

  get wall(): number {
    return Math.floor(NOON + this.elapsed + this.#wallOffset)
  }

  /** A person sets the clock, or the machine does. */
  jump(ms: number): void {
    this.#wallOffset += ms
  }

  /** What happened so far, as one number. */
  get trace(): string {
    return this.#hash.toString(16).padStart(8, '0')
  }

  /** Queues a task of an agent. With a `lane`, behind whatever was queued on it before. The function returned takes it back. */
  task(agent: Agent, delayMs: number, what: string, run: () => void, lane?: object): () => void {
    let due = this.elapsed + delayMs
    if (lane !== undefined) {
      due = Math.max(due, this.#lastOf.get(lane) ?? 0)
      this.#lastOf.set(lane, due)
    }
    this.#order += 1
    const task: Task = { due, order: this.#order, agent, what, run, cancelled: false }
    if (agent.alive) this.#queue.push(task)
    return () => {
      task.cancelled = true
    }
  }

  /** How long something takes this time: mostly about `usualMs`, now and then much longer. */
  latency(usualMs: number): number {
    const slow = this.#random.chance(0.02) ? this.#random.between(5, 60) : 1
    return usualMs * slow * (0.2 + this.#random.fraction())
  }

  /** Whatever this asks of the host is asked by that agent. */
  as<Result>(agent: Agent, work: () => Result): Result {
    const before = this.current
    this.current = agent
    try {
      return work()
    } finally {
      this.current = before
    }
  }

  thaw(agent: Agent): void {
    agent.frozen = false
    const held = this.#held.get(agent) ?? []
    this.#held.delete(agent)
    for (const task of held) this.#queue.push({ ...task, due: Math.max(task.due, this.elapsed) })
  }

  /** Runs tasks until `isOver`; false when there are none left, or too many, or too much time has passed. */
  run(isOver: () => boolean, limits: { readonly steps: number; readonly ms: number }): Promise<boolean> {
    const lastStep = this.steps + limits.steps
    const end = this.elapsed + limits.ms
    return new Promise((resolve, reject) => {
      // Between two tasks the host runs every microtask that the first one left: no agent can interrupt another.
      const turn = () => {
        if (isOver()) return resolve(true)
        const task = this.#next()
        if (task === undefined || this.steps >= lastStep || task.due > end) {
          if (task !== undefined) this.#queue.push(task)
          return resolve(false)
        }
        this.steps += 1
        this.elapsed = Math.max(this.elapsed, task.due)
        this.#note(`${task.agent.name} ${task.what} ${this.elapsed}`)
        this.current = task.agent
        try {
          task.run()
        } catch (error) {
          return reject(error)
        }
        nextTurn(turn)
      }
      nextTurn(turn)
    })
  }

  /**
   * Runs tasks until `isOver`, and lets the host do what takes its own time between them: reading what it inflates. What
   * comes after is no part of the trace, which says nothing of the host.
   */
  async runWithHost(isOver: () => boolean): Promise<boolean> {
    for (let rounds = 0; rounds < MAX_ROUNDS; rounds += 1) {
      if (await this.run(isOver, { steps: 1_000, ms: 1_000 })) return true
      await new Promise((resolve) => laterInHost(resolve, 1))
    }
    return false
  }

  #next(): Task | undefined {
    for (;;) {
      const task = this.#queue.pop()
      if (task === undefined) return undefined
      const { agent } = task
      if (task.cancelled || !agent.alive) continue
      if (!agent.frozen) return task
      const held = this.#held.get(agent)
      if (held === undefined) this.#held.set(agent, [task])
      else held.push(task)
    }
  }

  /** FNV-1a. */
  #note(text: string): void {
    for (let at = 0; at < text.length; at += 1) {
      this.#hash = Math.imul(this.#hash ^ text.charCodeAt(at), 0x01000193) >>> 0
    }
  }
}

class Heap {
  readonly #tasks: Task[] = []

  push(task: Task): void {
    const tasks = this.#tasks
    let at = tasks.length
    tasks.push(task)
    while (at > 0) {
      const up = (at - 1) >> 1
      const parent = tasks[up]
      if (parent === undefined || !isBefore(task, parent)) break
      tasks[at] = parent
      at = up
    }
    tasks[at] = task
  }

  pop(): Task | undefined {
    const tasks = this.#tasks
    const first = tasks[0]
    const last = tasks.pop()
    if (last === undefined || tasks.length === 0) return first
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      const [a, b] = [tasks[left], tasks[left + 1]]
      if (a === undefined) break
      const [child, from] = b !== undefined && isBefore(b, a) ? [b, left + 1] : [a, left]
      if (!isBefore(child, last)) break
      tasks[at] = child
      at = from
    }
    tasks[at] = last
    return first
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order)
}
