import type { ReplayFrame } from '../core/replay/player.ts'
import { inTurn } from './in-turn.ts'

/** The frames of a replay on their way to the loop that reads them. Without one they go nowhere. */
export function createFrameQueue() {
  const waiting: ReplayFrame[] = []
  let isRead = false
  let isOver = false
  let wake = () => {}

  const queue = {
    /** Called when the reader has taken a frame, or has left. */
    onTaken: () => {},
    /** Called when it has left before the end. */
    onLeft: () => {},
    get isRead() {
      return isRead
    },
    /** The reader has not taken them yet. */
    get isFull() {
      return isRead && waiting.length > 0
    },
    push(frames: readonly ReplayFrame[]): void {
      if (isRead) waiting.push(...frames)
      wake()
    },
    end(): void {
      isOver = true
      wake()
    },
    read: (): AsyncIterator<ReplayFrame, undefined> => {
      isRead = true
      return {
        next: inTurn(async () => {
          while (waiting.length === 0 && !isOver) {
            await new Promise<void>((resolve) => {
              wake = resolve
            })
          }
          const value = waiting.shift()
          queue.onTaken()
          return value === undefined ? { done: true, value: undefined } : { done: false, value }
        }),
        return: async () => {
          isRead = false
          waiting.length = 0
          queue.onLeft()
          queue.onTaken()
          return { done: true, value: undefined }
        },
      }
    },
  }
  return queue
}
