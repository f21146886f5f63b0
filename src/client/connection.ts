/** The page's wire to its worker, as the rest of the page sees it. */
import type { Durability } from '../core/commit.ts'
import type { HoldfastError } from '../core/errors.ts'
import type { RequestId } from '../core/ids.ts'
import type { Room } from '../core/ports.ts'
import type { WriteChange } from '../core/state/write-change.ts'
import type { Welcome } from '../protocol/hello.ts'
import type { PageMessage, WorkerMessage } from '../protocol/messages.ts'
import type { WireApi } from '../protocol/wire-safe.ts'
import type { StateTarget } from '../protocol/worker-api.ts'
import type { HookFrame } from './hook-frame.ts'
import type { LinkKeeperOptions } from './link-keeper.ts'
import type { Load } from './pending-entry.ts'
import type { ChangeOptions, Frame, WriteOptions } from './request.ts'
import type { BackPressure } from './send-window.ts'
import type { WriteLedger } from './writes.ts'

export type MethodName = keyof WireApi
export type Input<Method extends MethodName> = Parameters<WireApi[Method]>[0]
export type Answer<Method extends MethodName> = ReturnType<WireApi[Method]>

/** What a call can be given beside its argument. */
export interface SendOptions extends ChangeOptions {
  readonly transfers?: readonly Transferable[]
  readonly onProgress?: ((loaded: number, total: number | null) => void) | undefined
  /** Called right before the call leaves: until then its argument may still be added to. */
  readonly onSend?: (() => void) | undefined
  /** Never sent to a second worker: what it has done cannot be told, and is not to be done twice. */
  readonly once?: boolean | undefined
  /** What the call weighs, where that may still grow; see `grew`. */
  readonly load?: Load | undefined
}

export interface ConnectionOptions extends LinkKeeperOptions {
  /** Of the database. */
  readonly name: string
  readonly durability?: Durability | undefined
  /** Of calls under way, in bytes. */
  readonly highWaterMark?: number | undefined
}

/** The page's wire to its worker, over the deaths of workers: what was registered is registered again with the next. */
export interface Connection {
  readonly welcome: Welcome
  /** How many messages of the worker this build had no word for. */
  readonly unheardOf: number
  /** As the worker told it last. */
  readonly room: Room
  /** How long a call waits that does not say it. */
  readonly deadlineMs: number
  /** Of state writes and events that do not say it. */
  readonly durability: Durability | undefined
  /** State writes that are kept in memory, in a page that needs a reload, for the case that storage comes back. */
  readonly heldWrites: number
  /** How what this page wrote stands. */
  readonly ledger: WriteLedger
  readonly pressure: BackPressure
  /** On whose behalf a call is made. */
  readonly hookFrame: HookFrame
  /** Sends what was called so far, now: much waits, and the worker may begin with it. */
  hurry(): void
  /** Calls back before that, for what is to be called at the end of this turn. The function returned ends it. */
  beforeHurry(leave: () => void): () => void
  /** A call that was made and not sent yet weighs more. */
  grew(load: Load, bytes: number): void
  call<Method extends MethodName>(
    method: Method,
    input: Input<Method>,
    options?: SendOptions,
    frame?: Frame,
  ): Promise<Answer<Method>>
  /** A state write: by the data port, with the number that patches name it by. */
  write(
    target: StateTarget,
    changes: readonly WriteChange[],
    options: WriteOptions,
    frame: Frame,
    /** Tells other pages of it, under the name it will have. @returns whether it did */
    tell?: (request: RequestId) => boolean,
  ): { readonly id: number; readonly stored: Promise<Answer<'state.write'>> }
  /** Sends messages now and again to each next worker. The function returned stops that. */
  stand(messages: () => readonly PageMessage[]): () => void
  /** @param transfer what is handed over with it. Without a worker both go nowhere. */
  post(message: PageMessage, transfer?: readonly Transferable[]): void
  listen(listener: (message: WorkerMessage, reply: (message: PageMessage) => void) => void): () => void
  /** Calls back after a worker was replaced by another. */
  onRespawn(listener: () => void): () => void
  /** Calls back when there is no worker and none could be had, or the connection was closed (CLOSED). */
  onGivenUp(listener: (error: HoldfastError) => void): () => void
  /** Gets a worker where there is none. */
  wake(): void
  /** Says of what is no call whether it waits for the worker. The function returned ends that. */
  busy(isBusy: () => boolean): () => void
  /** Calls back once, when the page first writes something. */
  onFirstWrite(listener: () => void): void
  /** Replaces the worker by one that opens a database that was lost. */
  reopen(): Promise<void>
  close(): Promise<void>
}
