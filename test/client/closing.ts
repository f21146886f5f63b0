/** Holdfast whose worker's connection can be failed. */
import { onTestFinished } from 'vitest'
import { TIMING, type Timing } from '../../src/client/timing.ts'
import type { Fault } from '../worker/fixtures/closing.worker.ts'
import { type Opened, open } from './open.ts'

export interface Closing extends Opened<object> {
  readonly workers: Worker[]
  /** Resolves when the fault is there. */
  fail(fault: Fault): Promise<void>
}

export async function openClosing(instance = false, timing: Timing = TIMING): Promise<Closing> {
  const workers: Worker[] = []
  const spawn = () => {
    const worker = new Worker(new URL('../worker/fixtures/closing.worker.ts', import.meta.url), {
      type: 'module',
    })
    workers.push(worker)
    return worker
  }
  const opened = await open({ worker: instance ? spawn() : spawn }, timing)
  const channel = new BroadcastChannel('closing')
  onTestFinished(() => channel.close())
  return {
    ...opened,
    workers,
    fail: (fault) =>
      new Promise((resolve) => {
        channel.onmessage = () => resolve()
        channel.postMessage({ name: opened.name, fault })
      }),
  }
}
