/** Holdfast with its packaged worker and a database of its own. */
import { onTestFinished } from 'vitest'
import type { Holdfast } from '../../src/client/holdfast.ts'
import { type OpenOptions, openWith } from '../../src/client/open-holdfast.ts'
import { TIMING, type Timing } from '../../src/client/timing.ts'
import type { App } from '../../src/core/app/app.ts'

export interface Opened<A extends App> {
  readonly holdfast: Holdfast<A>
  readonly name: string
  /** In the order they were spawned. */
  readonly workers: readonly Worker[]
}

export function spawnPackaged(): Worker {
  return new Worker(new URL('../../worker/session.worker.ts', import.meta.url), { type: 'module' })
}

export async function open<A extends App>(
  options: Partial<OpenOptions<A>> = {},
  timing: Timing = TIMING,
): Promise<Opened<A>> {
  const workers: Worker[] = []
  const name = options.name ?? `test-${crypto.randomUUID()}`
  const worker = () => {
    const spawned = spawnPackaged()
    workers.push(spawned)
    return spawned
  }
  const holdfast = await openWith<A>({ worker, ...options, name }, timing)
  onTestFinished(() => holdfast.close())
  return { holdfast, name, workers }
}

/** Another page on the same database: a worker and mirrors of its own. */
export async function openAgain<A extends App>(
  { name }: Opened<A>,
  options: Partial<OpenOptions<A>> = {},
): Promise<Opened<A>> {
  return open<A>({ ...options, name })
}
