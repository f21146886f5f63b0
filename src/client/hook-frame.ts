/**
 * Whose call it is that comes by a handle nobody bound: while a hook's body runs, until it first waits for something, all
 * that is called is the hook's doing. After that nothing in a browser tells its calls from those of the rest of the page.
 */
import type { Frame } from './request.ts'

export interface HookFrame {
  /** The frame to call in: the handle's own where it was bound within a hook, else that of the hook that runs. */
  of(frame: Frame): Frame
  /** Runs a hook's body. */
  run<Result>(frame: Frame, body: () => Result): Result
}

export function createHookFrame(): HookFrame {
  let running: Frame | undefined
  return {
    of(frame) {
      if (running === undefined || frame.hookPath !== undefined) return frame
      // What travels together is of one frame, so that of a plain handle is the hook's as it is.
      return Object.keys(frame).length === 0 ? running : { ...running, ...frame }
    },
    run(frame, body) {
      const outer = running
      running = frame
      try {
        return body()
      } finally {
        running = outer
      }
    },
  }
}
