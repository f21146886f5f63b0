/** A connection to a worker whose engine does as it is told (see test/worker/fixtures). */
import { onTestFinished } from 'vitest'
import { connect } from '../../src/client/connect.ts'
import type { Connection, ConnectionOptions, SendOptions } from '../../src/client/connection.ts'
import { createSpawner } from '../../src/client/spawn.ts'
import type { Timing } from '../../src/client/timing.ts'
import type { SessionId } from '../../src/core/ids.ts'

export const TEST_TIMING: Timing = {
  handshakeMs: 5_000,
  deadlineMs: 5_000,
  longDeadlineMs: 5_000,
  backstopMs: 100,
  pingMs: 50,
  missedPings: 4,
  closeMs: 2_000,
  reopenAfterMs: [10],
  probeMs: 50,
}

export interface Scripted {
  readonly connection: Connection
  /** In the order they were spawned. */
  readonly workers: readonly Worker[]
  /** What the page sent to the present worker by Comlink. */
  readonly sent: readonly {
    readonly path?: readonly string[]
    readonly argumentList?: readonly { readonly value: unknown }[]
  }[]
  /** A read whose id is a script. */
  read(script: string, options?: SendOptions): Promise<unknown>
  /** A write of the same. */
  change(script: string, options?: SendOptions): Promise<unknown>
}

export interface ScriptedOptions extends Partial<ConnectionOptions> {
  readonly timing?: Timing
  /** Uses one instance instead of a function that makes workers. */
  readonly instance?: boolean
  /** Whether a worker answers nothing: counted from 0. */
  readonly isSilent?: (at: number) => boolean
}

export function spawnScripted(): Worker {
  return new Worker(new URL('../worker/fixtures/scripted.worker.ts', import.meta.url), { type: 'module' })
}

export async function connectScripted({
  timing = TEST_TIMING,
  instance,
  isSilent = () => false,
  ...options
}: ScriptedOptions = {}): Promise<Scripted> {
  const workers: Worker[] = []
  const sent: Scripted['sent'][number][] = []
  const spawn = () => {
    const worker = isSilent(workers.length) ? new Worker('data:text/javascript,') : spawnScripted()
    const post = worker.postMessage.bind(worker)
    worker.postMessage = (message: Scripted['sent'][number], transfer: unknown) => {
      sent.push(message)
      post(message, transfer as Transferable[])
    }
    workers.push(worker)
    return worker
  }
  const connection = await connect({
    name: `test-${crypto.randomUUID()}`,
    timing,
    spawner: createSpawner({ worker: instance ? spawn() : spawn }, 'test'),
    generation: markerOf(undefined),
    ...options,
  })
  onTestFinished(() => {
    for (const worker of workers) worker.terminate()
  })
  return {
    connection,
    workers,
    sent,
    read: (script, sendOptions) => connection.call('sessions.get', { id: script as SessionId }, sendOptions),
    change: (script, sendOptions) => connection.call('sessions.create', { id: script }, sendOptions),
  }
}

/** What the browser remembers of a database, without its `localStorage`. */
export function markerOf(known: string | undefined, write: (generation: string) => void = () => {}) {
  return { read: () => known, write, isInDoubt: false, doubt: () => {} }
}
