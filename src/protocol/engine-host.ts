/**
 * What the worker's entry needs of an engine: one client per page. The engine implements it; the wire, which knows
 * Comlink and ports, drives it. Tests drive the wire with a scripted one.
 */
import type { Hello, Welcome } from './hello.ts'
import type { Call, PageMessage, WorkerMessage } from './messages.ts'

/**
 * What may change hands with a message instead of being copied: an ArrayBuffer, a MessagePort, a stream. The ring has
 * no DOM library, so the type is as wide as an object; the port itself refuses what cannot be transferred.
 */
export type Transferred = object

/** Sends to one page by its data port. Never throws; a message to a page that has left is dropped. */
export type SendToPage = (message: WorkerMessage, transfer?: readonly Transferred[]) => void

export interface EngineHost {
  /**
   * Opens the database that `hello` names, if it is not open yet, and admits one page.
   * The protocol version was compared before, and `hello` has passed its guard.
   * @throws a HoldfastError with the reason the database cannot be opened
   */
  connect(hello: Hello, send: SendToPage): Promise<EngineClient>
}

export interface EngineClient {
  readonly welcome: Welcome
  /** The barrier that makes safe what is stored now, see `Settled`; undefined where all of it is, or nobody counts. */
  readonly exposedUntil?: number | undefined
  /** Performs one call. Enforces its deadline. Rejects with a HoldfastError; anything else is a defect of the engine. */
  call(call: Call): Promise<unknown>
  /** Takes one message of the data port; it has passed its guard. Must not throw. */
  receive(message: PageMessage): void
  /**
   * The page has left: stops its watches, hooks and asks, and stores what it wrote. With the last page the database is
   * closed. The worker may be ended when this resolves (an owner ended with a transaction in flight leaves WebKit
   * unable to open the database again).
   */
  disconnect(): Promise<void>
}
