/** What travels between agents: message ports and workers in order, tab channels with all that can befall them. */
import type { Random } from './random.ts'
import type { Agent, Scheduler } from './scheduler.ts'

/** How long a hop from thread to thread takes, in milliseconds. */
const HOP_MS = 0.05

/** Messages that are posted here arrive at the other end, in order, if anybody lives there. */
export class Port extends EventTarget {
  readonly scheduler: Scheduler
  owner: Agent
  other: Port | undefined
  #started = false
  #closed = false
  #early: unknown[] = []
  #onmessage: ((event: MessageEvent) => void) | null = null
  onmessageerror: ((event: MessageEvent) => void) | null = null

  constructor(scheduler: Scheduler) {
    super()
    this.scheduler = scheduler
    this.owner = scheduler.current
  }

  get onmessage() {
    return this.#onmessage
  }

  set onmessage(listener) {
    this.#onmessage = listener
    this.start()
  }

  start(): void {
    this.#started = true
    for (const data of this.#early.splice(0)) this.#deliver(data)
  }

  close(): void {
    this.#closed = true
  }

  postMessage(message: unknown, transfer: readonly unknown[] | { transfer?: readonly unknown[] } = []): void {
    const list = 'transfer' in transfer ? (transfer.transfer ?? []) : (transfer as readonly unknown[])
    const data = cloneMessage(message, list)
    if (!this.#closed) this.other?.take(data)
  }

  take(data: unknown): void {
    if (this.#started) this.#deliver(data)
    else this.#early.push(data)
  }

  #deliver(data: unknown): void {
    const receive = () => {
      if (this.#closed) return
      for (const port of portsIn(data)) port.owner = this.owner
      const event = new MessageEvent('message', { data })
      this.#onmessage?.(event)
      this.dispatchEvent(event)
    }
    this.scheduler.task(this.owner, this.scheduler.latency(HOP_MS), 'message', receive, this)
  }
}

/** Two ports that are each other's end. */
export function portPair(scheduler: Scheduler): readonly [Port, Port] {
  const [port1, port2] = [new Port(scheduler), new Port(scheduler)]
  port1.other = port2
  port2.other = port1
  return [port1, port2]
}

/** The host's clone, which knows nothing of our ports. */
function cloneMessage(message: unknown, transfer: readonly unknown[]): unknown {
  const ports = transfer.filter((item) => item instanceof Port)
  const rest = transfer.filter((item): item is ArrayBuffer => !(item instanceof Port))
  if (ports.length === 0) return structuredClone(message, { transfer: rest })
  const cloned = structuredClone(
    replaced(message, (item) => (item instanceof Port ? { portAt: ports.indexOf(item) } : undefined)),
    { transfer: rest },
  )
  return replaced(cloned, (item) =>
    typeof item === 'object' && item !== null && 'portAt' in item && typeof item.portAt === 'number'
      ? ports[item.portAt]
      : undefined,
  )
}

function replaced(value: unknown, replace: (value: unknown) => unknown): unknown {
  const other = replace(value)
  if (other !== undefined) return other
  if (Array.isArray(value)) return value.map((item) => replaced(item, replace))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item, replace)]))
}

function portsIn(value: unknown): readonly Port[] {
  if (value instanceof Port) return [value]
  if (Array.isArray(value)) return value.flatMap(portsIn)
  if (typeof value !== 'object' || value === null || !('argumentList' in value || 'value' in value)) return []
  return Object.values(value).flatMap(portsIn)
}

/** How badly the channel between tabs behaves. */
export interface ChannelFaults {
  lost: number
  doubled: number
  /** Later than others that were posted after it. */
  late: number
}

type Listener = (event: MessageEvent) => void

interface Opened {
  readonly name: string
  readonly agent: Agent
  readonly hear: (data: unknown) => void
}

/** `BroadcastChannel` among the agents of one machine. */
export class Broadcasts {
  readonly #scheduler: Scheduler
  readonly #random: Random
  readonly #faults: ChannelFaults
  readonly #open = new Set<Opened>()

  constructor(scheduler: Scheduler, random: Random, faults: ChannelFaults) {
    this.#scheduler = scheduler
    this.#random = random
    this.#faults = faults
  }

  /** The class, as a global of the host. */
  get Channel() {
    const broadcasts = this
    return class {
      readonly #listeners = new Set<Listener>()
      readonly #self: Opened
      readonly name: string

      constructor(name: string) {
        this.name = name
        this.#self = {
          name,
          agent: broadcasts.#scheduler.current,
          hear: (data: unknown) => {
            for (const listener of [...this.#listeners]) listener(new MessageEvent('message', { data }))
          },
        }
        broadcasts.#open.add(this.#self)
      }

      postMessage(message: unknown) {
        broadcasts.#post(this.#self, structuredClone(message))
      }

      addEventListener(_type: string, listener: Listener) {
        this.#listeners.add(listener)
      }

      removeEventListener(_type: string, listener: Listener) {
        this.#listeners.delete(listener)
      }

      close() {
        broadcasts.#open.delete(this.#self)
      }
    }
  }

  #post(from: Opened, data: unknown): void {
    for (const to of this.#open) {
      if (to === from || to.name !== from.name || !to.agent.alive) continue
      if (this.#random.chance(this.#faults.lost)) continue
      const times = this.#random.chance(this.#faults.doubled) ? 2 : 1
      for (let time = 0; time < times; time += 1) this.#send(to, structuredClone(data))
    }
  }

  #send(to: Opened, data: unknown): void {
    const isLate = this.#random.chance(this.#faults.late)
    const delayMs = isLate ? this.#random.between(5, 2_000) : this.#scheduler.latency(0.2)
    const hear = () => {
      if (this.#open.has(to)) to.hear(data)
    }
    this.#scheduler.task(to.agent, delayMs, 'broadcast', hear, isLate ? undefined : to)
  }
}
