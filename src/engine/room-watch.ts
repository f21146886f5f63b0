/** Looks at the room that the browser gives as things are stored, and tells when it becomes little, or is enough again. */
import type { Room, StorageMeter, WallClock } from '../core/ports.ts'
import { roomOf } from './room.ts'

export interface RoomTold {
  readonly room: Room
  /** A sentence for people. */
  readonly message: string
}

export interface RoomWatch {
  /** What was told last; undefined where there was nothing to tell yet. */
  readonly told: RoomTold | undefined
  /** Something was stored: its size tells nothing of what the browser makes of it, so the estimate is asked again soon. */
  noteStored(): void
  stop(): void
}

/** After something was stored: what comes with it is then counted too. */
export const LOOK_AFTER_MS = 2_000
/** From one look to the next: the browser counts files for it. */
export const LOOK_EVERY_MS = 30_000

export function watchRoom(
  { wall, meter }: { readonly wall: WallClock; readonly meter: Pick<StorageMeter, 'estimate'> },
  onChange: (told: RoomTold) => void,
  onError: (error: unknown) => void,
): RoomWatch {
  let told: RoomTold | undefined
  let stopWaiting: (() => void) | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
  let stopped = false

  async function look(): Promise<void> {
    lookedAt = wall.now()
    const estimate = await meter.estimate()
    const room = roomOf(estimate)
    // That it is enough is no news before it was little.
    if (stopped || room === (told?.room ?? 'enough') || (told === undefined && room === 'unknown')) return
    told = { room, message: sentenceOf(room, estimate) }
    onChange(told)
  }

  return {
    get told() {
      return told
    },
    noteStored() {
      if (stopWaiting !== undefined || stopped) return
      // Also where the clock was set back meanwhile.
      const waitMs = Math.min(LOOK_EVERY_MS, Math.max(LOOK_AFTER_MS, lookedAt + LOOK_EVERY_MS - wall.now()))
      stopWaiting = wall.after(waitMs, () => {
        stopWaiting = undefined
        look().catch(onError)
      })
    },
    stop() {
      stopped = true
      stopWaiting?.()
    },
  }
}

function sentenceOf(
  room: Room,
  { usageBytes, quotaBytes }: Awaited<ReturnType<StorageMeter['estimate']>>,
): string {
  const share = Math.floor((100 * (usageBytes ?? 0)) / (quotaBytes ?? 1))
  switch (room) {
    case 'critical':
      return `Hardly any room is left: ${share} % of what this browser gives is used. Delete something, or storing will fail.`
    case 'low':
      return `Little room is left: ${share} % of what this browser gives is used.`
    case 'enough':
      return 'There is room enough again.'
    case 'unknown':
      return 'The browser does not say how much room is left.'
  }
}
