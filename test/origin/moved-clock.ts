import { onTestFinished } from 'vitest'

export interface MovedClock {
  readonly worker: () => Worker
  /** Puts the clock of the worker forward. */
  advance(ms: number): Promise<void>
}

export function movedClock(): MovedClock {
  const name = `clock-${crypto.randomUUID()}`
  const channel = new BroadcastChannel(name)
  onTestFinished(() => channel.close())
  return {
    worker: () => new Worker(new URL('clock.worker.ts', import.meta.url), { type: 'module', name }),
    advance: (ms) =>
      new Promise((resolve) => {
        channel.addEventListener('message', () => resolve(), { once: true })
        channel.postMessage(ms)
      }),
  }
}
