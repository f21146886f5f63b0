/**
 * A worker is spawned and says hello. That is all of the wire that opening begins with: the rest comes with the handles,
 * which are loaded meanwhile.
 */
import { transfer, wrap } from 'comlink'
import { isHoldfastError } from '../core/errors.ts'
import type { Actor } from '../core/session/record.ts'
import type { Gate } from '../protocol/gate.ts'
import { type Hello, OLDEST_PROTOCOL, PROTOCOL_VERSION, type Welcome } from '../protocol/hello.ts'
import type { Call } from '../protocol/messages.ts'
import type { GenerationMarker } from './generation.ts'
import { type Blocked, shakeHands } from './handshake.ts'
import { howItFailed, type Spawner } from './spawn.ts'
import type { Timing } from './timing.ts'
import { within } from './within.ts'

export interface GreetOptions {
  readonly name: string
  readonly spawner: Spawner
  readonly timing: Timing
  readonly generation: GenerationMarker
  readonly actor?: Actor | undefined
  readonly templates?: Readonly<Record<string, unknown>> | undefined
  readonly blockedMs?: number | undefined
  readonly onBlocked?: ((waiting: Blocked) => void) | undefined
  /** Takes the database as it is, also where it is not the one that was here. */
  readonly reopen?: boolean | undefined
  /** Gives up the opening. */
  readonly signal?: AbortSignal | undefined
}

/** A worker that has answered. It is somebody's to listen to, or to say goodbye to. */
export interface Greeted {
  /** As the page called itself. */
  readonly client: string
  readonly worker: Worker
  readonly port: MessagePort
  readonly welcome: Welcome
  /** What it said that nobody has heard; more is added until another listens at the port. */
  readonly early: readonly unknown[]
  /** An error in it that nobody caught, and that nobody has heard of. */
  readonly trouble: string | undefined
  /** Aborted by `end`. */
  readonly ended: AbortSignal
  /** Performs calls once it has as many messages of the port; see `Gate`. */
  batch(calls: readonly Call[], posted: number): Promise<unknown>
  /** Asks it to close its database. */
  goodbye(): Promise<void>
  end(): void
}

/** Workers that may die in a row, without settling a call, until the next is spawned only when there is a call for it. */
export const MAX_DEATHS = 3

/**
 * A worker that ends as it starts is replaced like one that ends later.
 * @param isOver nobody wants one any more
 * @throws WORKER_START, VERSION_MISMATCH, ABORTED, or the reason why the database cannot be opened
 */
export async function greet(options: GreetOptions, isOver = () => false): Promise<Greeted> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await greetOne(options)
    } catch (error) {
      if (isOfStorage(error)) options.generation.doubt()
      const { respawns } = options.spawner
      if (!respawns || isOver() || tries >= MAX_DEATHS || howItFailed(error) !== 'ended') throw error
    }
  }
}

/** The browser failed at the database, which may be for a full disk. */
function isOfStorage(error: unknown): boolean {
  return isHoldfastError(error) && (error.code === 'STORAGE_FAILED' || error.code === 'QUOTA_EXCEEDED')
}

async function greetOne(options: GreetOptions): Promise<Greeted> {
  const { spawner, timing } = options
  const worker = spawner.spawn()
  const gate = wrap<Gate<MessagePort>>(worker)
  const { port1: port, port2 } = new MessageChannel()
  const hello = helloOf(options)
  const ending = new AbortController()
  let trouble: string | undefined

  /** An instance that the app handed over is the app's to end. */
  const end = () => {
    ending.abort()
    port.close()
    if (spawner.respawns) worker.terminate()
  }
  const goodbye = async () => {
    await within<unknown>(timing.closeMs, gate.goodbye()).catch(() => {})
  }

  const greeting = gate.hello(hello, transfer(port2, [port2]))
  const { welcome, early } = await shakeHands({ ...options, hello }, worker, port, greeting).catch(
    (error: unknown) => {
      // It may have opened the database all the same, so it is asked to close; nobody waits for that.
      void goodbye().then(end)
      throw error
    },
  )
  const note = ({ message }: ErrorEvent) => {
    trouble ??= message
  }
  worker.addEventListener('error', note, { signal: ending.signal })
  return {
    client: hello.client,
    worker,
    port,
    welcome,
    early,
    get trouble() {
      return trouble
    },
    ended: ending.signal,
    batch: (calls, posted) => gate.batch(calls, posted),
    goodbye,
    end,
  }
}

function helloOf({ name, actor, templates, generation, blockedMs, reopen }: GreetOptions): Hello {
  const known = generation.read()
  return {
    protocol: OLDEST_PROTOCOL,
    newest: PROTOCOL_VERSION,
    name,
    client: crypto.randomUUID(),
    tells: true,
    ...(actor && { actor }),
    ...(templates && { templates }),
    ...(blockedMs !== undefined && { blockedMs }),
    ...(generation.isInDoubt && { inDoubt: true }),
    ...(reopen && { reopen }),
    ...(known !== undefined && { generation: known }),
  }
}
