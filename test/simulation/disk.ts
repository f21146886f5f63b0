/**
 * The machine's databases. Each step of a transaction is a task of the agent that opened it; any of them may fail, an
 * agent that dies leaves nothing half done, and a power cut takes relaxed transactions from the end.
 */
import {
  createRawFactory,
  hookDatabase,
  type RawConnection,
  type RawDatabase,
  type RawTransaction,
} from './fake-database.ts'
import type { Random } from './random.ts'
import type { Agent, Scheduler } from './scheduler.ts'
import { StewardshipWatch } from './stewardship-watch.ts'

/** How badly the disk behaves: the share of transactions that each thing befalls. */
export interface DiskFaults {
  /** Aborted by the browser after some of its requests, or as it is committed. */
  aborted: number
  /** The browser closes the connection under it. */
  closed: number
}

/** One fault at one place: at the so-manieth request or transaction that agents make from here on. */
export interface Strike {
  readonly what: 'request' | 'transaction' | 'connection'
  readonly at: number
}

/** What browsers abort transactions with; null where WebKit gives no error. */
const ABORTS = ['QuotaExceededError', 'UnknownError', 'AbortError', 'DataError', null] as const

/** How long a step of a transaction takes, in milliseconds, and how long the disk's own flush. */
const STEP_MS = 0.05
const STRICT_MS = 3

interface Opening {
  readonly owner: Agent
  readonly request: IDBOpenDBRequest
  readonly name: string
  readonly begin: () => void
}

export class Disk {
  readonly #scheduler: Scheduler
  readonly #random: Random
  readonly #faults: DiskFaults
  readonly #raw = createRawFactory()
  readonly #owners = new WeakMap<IDBTransaction, Agent>()
  readonly #connections = new Map<RawConnection, Agent>()
  readonly #doomed = new WeakMap<IDBTransaction, number>()
  readonly #watched = new WeakSet<RawDatabase>()
  /** How to take back each transaction that a power cut may still take, first to last. */
  #unsynced: (() => void)[] = []
  #openings: Opening[] = []
  #opening: Opening | undefined
  #captured: (() => void)[] | undefined

  constructor(scheduler: Scheduler, random: Random, faults: DiskFaults) {
    this.#scheduler = scheduler
    this.#random = random
    this.#faults = faults
  }

  /** Takes part in the package's own scheduling. The function returned ends that. */
  install(): () => void {
    return hookDatabase({
      onTransaction: (transaction) => this.#opened(transaction),
      onStart: (transaction, start) => this.#step(transaction, start),
      onPut: (store, value) => this.stewardship.onPut(store, value),
    })
  }

  /** `indexedDB`, as a global of the host. */
  get factory(): IDBFactory {
    const raw = this.#raw
    return {
      open: (name: string, version?: number) => this.#open(name, version),
      deleteDatabase: (name: string) => raw.deleteDatabase(name),
      databases: () => raw.databases(),
      cmp: (a: unknown, b: unknown) => raw.cmp(a, b),
    } as IDBFactory
  }

  /** `setImmediate`, by which the package schedules all it does. */
  readonly queueTask = (run: () => void): void => {
    if (this.#captured !== undefined) this.#captured.push(run)
    else this.#queue(this.#scheduler.current, STEP_MS, run)
  }

  /** An agent died: its open transactions are rolled back or, where they were committed, perhaps completed. */
  release(agent: Agent): void {
    for (const raw of this.#raw._databases.values()) {
      for (const transaction of raw.transactions) {
        if (this.#owners.get(transaction) === agent) this.#settle(transaction)
      }
      raw.connections = raw.connections.filter((connection) => this.#connections.get(connection) !== agent)
    }
    for (const [connection, owner] of this.#connections) {
      if (owner !== agent) continue
      connection._closePending = true
      connection._closed = true
      this.#connections.delete(connection)
    }
    this.#openings = this.#openings.filter((opening) => opening.owner !== agent)
    if (this.#opening?.owner === agent) this.#giveUpOpening(this.#opening)
    for (const raw of this.#raw._databases.values()) raw.processTransactions()
  }

  /** Who does the shared chores, as far as what is stored tells. */
  readonly stewardship = new StewardshipWatch()

  /** What agents asked for since then. */
  readonly asked = { requests: 0, transactions: 0 }

  /** Fails one thing from here on, and counts anew. */
  strike(strike: Strike | undefined): void {
    this.#strike = strike
    Object.assign(this.asked, { requests: 0, transactions: 0 })
  }
  #strike: Strike | undefined

  /** After every agent died: some of the latest relaxed transactions were never written. */
  cutPower(): void {
    const lost = this.#random.between(0, this.#unsynced.length)
    for (let count = 0; count < lost; count += 1) this.#unsynced.pop()?.()
    this.#unsynced = []
    this.stewardship.forget()
  }

  #queue(agent: Agent, usualMs: number, run: () => void): void {
    this.#scheduler.task(agent, this.#scheduler.latency(usualMs), 'database', run, agent)
  }

  #open(name: string, version: number | undefined): IDBOpenDBRequest {
    const begun: (() => void)[] = []
    this.#captured = begun
    const request = this.#raw.open(name, version)
    this.#captured = undefined
    const begin = () => {
      for (const run of begun) run()
    }
    this.#openings.push({ owner: this.#scheduler.current, request, name, begin })
    const opened = () => this.#connections.set(request.result as RawConnection, this.#scheduler.current)
    request.addEventListener('upgradeneeded', opened)
    request.addEventListener('success', () => {
      opened()
      this.#nextOpening()
    })
    request.addEventListener('error', () => this.#nextOpening())
    if (this.#opening === undefined) this.#nextOpening()
    return request
  }

  /** One at a time: the package goes on with the next in the turn of whoever was first. */
  #nextOpening(): void {
    const next = this.#openings.shift()
    this.#opening = next
    if (next !== undefined) this.#queue(next.owner, STEP_MS, next.begin)
  }

  #giveUpOpening({ name }: Opening): void {
    this.#raw._connectionQueues.delete(name)
    if (this.#raw._databases.get(name)?.version === 0) this.#raw._databases.delete(name)
    this.#nextOpening()
  }

  #opened(transaction: RawTransaction): void {
    const owner = this.#scheduler.current
    this.#owners.set(transaction, owner)
    const raw = transaction.db._rawDatabase
    if (!this.#watched.has(raw)) this.#watch(raw)
    if (transaction.mode !== 'versionchange' && owner !== this.#scheduler.machine) this.#count(transaction)
    if (transaction.mode === 'readonly') {
      if (this.#random.chance(this.#faults.aborted / 10)) this.#doomed.set(transaction, 0)
      return
    }
    transaction.addEventListener('complete', () => this.#stored(transaction))
    if (transaction.mode === 'versionchange') return
    if (this.#random.chance(this.#faults.closed)) this.#closeLater(transaction.db, owner)
    if (this.#random.chance(this.#faults.aborted)) this.#doomed.set(transaction, this.#random.between(0, 8))
  }

  #count(transaction: RawTransaction): void {
    this.asked.transactions += 1
    if (this.#strike === undefined || this.#strike.at !== this.asked.transactions) return
    if (this.#strike.what === 'transaction') this.#doomed.set(transaction, 1)
    if (this.#strike.what === 'connection') this.#closeLater(transaction.db, this.#scheduler.current)
  }

  /** Whose turn ends one transaction says nothing of whose turn begins the next. */
  #watch(raw: RawDatabase): void {
    this.#watched.add(raw)
    const process = raw.processTransactions
    raw.processTransactions = () => this.#scheduler.as(this.#scheduler.machine, process)
  }

  #step(transaction: RawTransaction, step: () => void): void {
    const owner = this.#owners.get(transaction) ?? this.#scheduler.current
    if (this.#scheduler.current !== owner) {
      transaction._started = true
      this.#queue(owner, STEP_MS, () => this.#step(transaction, step))
      return
    }
    if (
      transaction.mode === 'readwrite' &&
      owner !== this.#scheduler.machine &&
      transaction._requests.length > 0 &&
      transaction._state !== 'finished'
    ) {
      this.asked.requests += 1
      if (this.#strike?.what === 'request' && this.#strike.at === this.asked.requests)
        failRequest(transaction)
    }
    const left = this.#doomed.get(transaction)
    const isLast = transaction._requests.length === 0 && transaction._state === 'committing'
    if (left !== undefined && (left === 0 || isLast) && transaction._state !== 'finished') {
      this.#doomed.delete(transaction)
      transaction._abort(this.#random.pick(ABORTS))
      return
    }
    if (left !== undefined) this.#doomed.set(transaction, left - 1)
    const isStrict = transaction.durability === 'strict' && isLast
    if (isStrict && !this.#flushing.has(transaction)) {
      this.#flushing.add(transaction)
      this.#queue(owner, STRICT_MS, step)
    } else step()
  }
  readonly #flushing = new WeakSet<IDBTransaction>()

  #stored(transaction: RawTransaction): void {
    const owner = this.#owners.get(transaction)
    if (owner !== undefined) this.stewardship.onStored(transaction, owner)
    if (transaction.durability === 'strict' || transaction.mode === 'versionchange') this.#unsynced = []
    else this.#unsynced.push(() => rollBack(transaction))
  }

  /** Of a dead agent: nobody hears of it. */
  #settle(transaction: RawTransaction): void {
    if (transaction._state === 'finished') return
    const isCommitted = transaction._state === 'committing' && transaction._started
    const isStored = isCommitted && this.#random.chance(0.5) && performAll(transaction)
    if (!isStored) rollBack(transaction)
    transaction._state = 'finished'
    const { transactions } = transaction.db._rawDatabase
    transaction.db._rawDatabase.transactions = transactions.filter((other) => other !== transaction)
    if (isStored) this.#stored(transaction)
  }

  /** The browser closes a connection by itself: its transactions are aborted, then `close` is fired. */
  #closeLater(connection: RawConnection, owner: Agent): void {
    const close = () => {
      if (connection._closePending) return
      for (const transaction of connection._rawDatabase.transactions) {
        if (transaction.db === connection && transaction._state !== 'finished')
          transaction._abort('AbortError')
      }
      connection._closePending = true
      connection._closed = true
      const { connections } = connection._rawDatabase
      connection._rawDatabase.connections = connections.filter((other) => other !== connection)
      this.#queue(owner, STEP_MS, () => connection.onclose?.(new Event('close')))
    }
    this.#scheduler.task(owner, this.#random.between(0, 5), 'close database', close)
  }
}

/** The request fails, and with it its transaction, unless whoever made it prevents that. */
function failRequest({ _requests: requests }: RawTransaction): void {
  const [first] = requests
  if (first === undefined) return
  requests[0] = {
    request: first.request,
    operation: () => {
      throw new DOMException('injected', 'UnknownError')
    },
  }
}

function rollBack(transaction: RawTransaction): void {
  for (const undo of transaction._rollbackLog.toReversed()) undo()
}

function performAll({ _requests: requests }: RawTransaction): boolean {
  try {
    for (const { operation, request } of requests) if (request.readyState !== 'done') operation()
    return true
  } catch {
    return false
  }
}
