/** Puts a simulated machine in the place of the host: whatever asks for a global gets it as the agent whose turn it is. */
import Dexie from 'dexie'
import type { Disk } from './disk.ts'
import type { MachineLocks } from './locks.ts'
import { type Broadcasts, Port, portPair } from './messages.ts'
import type { Random } from './random.ts'
import type { Agent, Scheduler } from './scheduler.ts'

export interface Host {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly disk: Disk
  /** Absent for a browser without Web Locks. */
  readonly locks: MachineLocks | undefined
  readonly broadcasts: Broadcasts
  /** What somebody reported that nobody waited for. */
  onReport(agent: Agent, error: unknown): void
}

/** The function returned gives the host back its own. */
export function becomeHost(host: Host): () => void {
  const { scheduler, random, disk, locks, broadcasts } = host
  const stopDisk = disk.install()
  const stored = new Map<string, string>()

  class Channel {
    readonly port1: Port
    readonly port2: Port
    constructor() {
      const [port1, port2] = portPair(scheduler)
      this.port1 = port1
      this.port2 = port2
    }
  }

  const after = (run: () => void, ms = 0): (() => void) =>
    scheduler.task(scheduler.current, Math.max(ms, 1), 'timer', run)
  const every = (run: () => void, ms: number): { stop: () => void } => {
    const timer = { stop: () => {} }
    const agent = scheduler.current
    const wait = () => {
      timer.stop = scheduler.task(agent, ms, 'timer', () => {
        wait()
        run()
      })
    }
    wait()
    return timer
  }

  const giveBack = [
    replace(globalThis, {
      setTimeout: after,
      clearTimeout: (stop?: () => void) => stop?.(),
      setInterval: every,
      clearInterval: (timer?: { stop: () => void }) => timer?.stop(),
      setImmediate: disk.queueTask,
      MessageChannel: Channel,
      MessagePort: Port,
      BroadcastChannel: broadcasts.Channel,
      indexedDB: disk.factory,
      reportError: (error: unknown) => host.onReport(scheduler.current, error),
      localStorage: {
        getItem: (key: string) => stored.get(key) ?? null,
        setItem: (key: string, value: string) => void stored.set(key, value),
      },
      sessionStorage: undefined,
      navigator: {
        get locks() {
          return locks?.managerOf(scheduler.current)
        },
      },
    }),
    replace(Date, { now: () => scheduler.wall }),
    replace(performance, { now: () => scheduler.elapsed }),
    replace(crypto, {
      getRandomValues: (array: Uint8Array) => {
        // What is that long is padding, and nobody looks at it.
        if (array.length > 1_024) return array
        const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
        for (let at = 0; at < bytes.length; at += 1) bytes[at] = random.between(0, 255)
        return array
      },
      randomUUID: () => `${digits(8)}-${digits(4)}-4${digits(3)}-8${digits(3)}-${digits(12)}`,
    }),
    replace(Dexie.dependencies, { indexedDB: disk.factory }),
  ]

  function digits(count: number): string {
    return Array.from({ length: count }, () => random.between(0, 15).toString(16)).join('')
  }

  return () => {
    for (const give of giveBack) give()
    stopDisk()
    forgetConnections()
  }
}

/** Dexie keeps what was opened and not closed, and with it the whole machine. Its types do not know of that list. */
function forgetConnections(): void {
  const { connections } = Dexie as unknown as { readonly connections: unknown[] }
  connections.splice(0)
}

function replace(target: object, parts: Readonly<Record<string, unknown>>): () => void {
  const before = Object.keys(parts).map(
    (name) => [name, Object.getOwnPropertyDescriptor(target, name)] as const,
  )
  for (const [name, value] of Object.entries(parts)) {
    Object.defineProperty(target, name, { configurable: true, writable: true, value })
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(target, name)
      else Object.defineProperty(target, name, descriptor)
    }
  }
}
