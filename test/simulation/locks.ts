/** Web Locks among the agents of one machine: exclusive, in order of request, freed some time after their holder died. */
import type { Agent, Scheduler } from './scheduler.ts'

interface LockOptions {
  readonly mode?: 'exclusive' | 'shared'
  readonly ifAvailable?: boolean
  readonly steal?: boolean
  readonly signal?: AbortSignal
}

type Hold = (lock: { readonly name: string; readonly mode: string } | null) => unknown

interface Claim {
  readonly agent: Agent
  readonly name: string
  readonly mode: 'exclusive' | 'shared'
  readonly grant: () => void
  readonly reject: (reason: unknown) => void
}

export class MachineLocks {
  readonly #scheduler: Scheduler
  readonly #held = new Map<string, Set<Claim>>()
  readonly #waiting = new Map<string, Claim[]>()
  readonly #managers = new Map<Agent, LockManager>()

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  /** `navigator.locks` as one agent has it. */
  managerOf(agent: Agent): LockManager {
    const known = this.#managers.get(agent)
    if (known !== undefined) return known
    const manager = {
      request: (name: string, second: LockOptions | Hold, third?: Hold) =>
        typeof second === 'function'
          ? this.#request(agent, name, {}, second)
          : this.#request(agent, name, second, third ?? (() => undefined)),
      query: async () => ({
        held: [...this.#held.values()].flatMap((claims) => [...claims].map(infoOf)),
        pending: [...this.#waiting.values()].flatMap((claims) => claims.map(infoOf)),
      }),
    } as unknown as LockManager
    this.#managers.set(agent, manager)
    return manager
  }

  /** The browser notices that an agent died: what it held goes to whoever waits. */
  release(agent: Agent): void {
    for (const [name, claims] of this.#waiting) {
      this.#waiting.set(
        name,
        claims.filter((claim) => claim.agent !== agent),
      )
    }
    for (const claims of this.#held.values()) {
      for (const claim of [...claims]) if (claim.agent === agent) this.#free(claim)
    }
  }

  #request(agent: Agent, name: string, options: LockOptions, hold: Hold): Promise<unknown> {
    const { mode = 'exclusive', ifAvailable = false, steal = false, signal } = options
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const deliver = (run: () => void) =>
        this.#scheduler.task(agent, this.#scheduler.latency(0.1), `lock ${name}`, run)
      const perform = async (lock: Parameters<Hold>[0]) => hold(lock)
      const stopListening = () => signal?.removeEventListener('abort', abort)
      const claim: Claim = {
        agent,
        name,
        mode,
        reject,
        grant: () => {
          stopListening()
          deliver(() => {
            const free = () => this.#free(claim)
            perform({ name, mode }).then(resolve, reject).finally(free)
          })
        },
      }
      const abort = () => {
        this.#waiting.set(
          name,
          (this.#waiting.get(name) ?? []).filter((waiting) => waiting !== claim),
        )
        reject(signal?.reason)
        this.#grantNext(name)
      }
      if (steal) this.#steal(name)
      if (this.#isFree(name, mode)) return this.#give(claim)
      if (ifAvailable) {
        deliver(() => void perform(null).then(resolve, reject))
        return
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), claim])
    })
  }

  #isFree(name: string, mode: Claim['mode']): boolean {
    const held = [...(this.#held.get(name) ?? [])]
    if ((this.#waiting.get(name) ?? []).length > 0) return false
    return held.length === 0 || (mode === 'shared' && held.every((claim) => claim.mode === 'shared'))
  }

  #give(claim: Claim): void {
    const held = this.#held.get(claim.name)
    if (held === undefined) this.#held.set(claim.name, new Set([claim]))
    else held.add(claim)
    claim.grant()
  }

  #free(claim: Claim): void {
    if (this.#held.get(claim.name)?.delete(claim)) this.#grantNext(claim.name)
  }

  /** The holder's promise rejects at once; its body goes on, unprotected. */
  #steal(name: string): void {
    for (const claim of this.#held.get(name) ?? []) {
      claim.reject(new DOMException('The lock was stolen.', 'AbortError'))
    }
    this.#held.delete(name)
  }

  #grantNext(name: string): void {
    const waiting = this.#waiting.get(name) ?? []
    this.#waiting.delete(name)
    while (waiting[0] !== undefined && this.#isFree(name, waiting[0].mode)) {
      const next = waiting.shift()
      if (next !== undefined) this.#give(next)
    }
    if (waiting.length > 0) this.#waiting.set(name, waiting)
  }
}

function infoOf({ name, mode, agent }: Claim) {
  return { name, mode, clientId: agent.name }
}
