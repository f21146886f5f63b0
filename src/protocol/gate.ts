/** The few functions that the worker exposes by Comlink. Everything else the page wants is a call inside a batch. */
import type { WireError } from '../core/errors.ts'
import type { Hello, Welcome } from './hello.ts'
import type { BatchAnswer, Call } from './messages.ts'

/** The names a page may call. */
export const GATE_NAMES = ['hello', 'batch', 'goodbye'] as const

/** Comlink keeps only name, message and stack of what is thrown, so the gate answers errors as data and never throws. */
export type Answered<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: WireError }

export interface Gate<Port> {
  /** The handshake; `port` is the worker's end of the data port. A second hello replaces the first. */
  hello(hello: Hello, port: Port): Promise<Answered<Welcome>>
  /**
   * Performs calls. `posted` is how many messages the page has sent by the data port until now: the batch waits for
   * them, so that a call finds the writes made before it. The two ways are separate queues.
   */
  batch(calls: readonly Call[], posted: number): Promise<BatchAnswer>
  /** The page leaves. The worker may be ended once this answers. */
  goodbye(): Promise<Answered<null>>
}

/** How long an answered batch may wait for its slower calls, in milliseconds; those go by the data port. */
export const BATCH_WAIT_MS = 4

/** Web Lock that the worker holds while it serves a page: the page gets it when the worker has died. */
export function aliveLock(client: string): string {
  return `holdfast:alive:${client}`
}
