import { createError } from '../core/errors.ts'

/** Of calls that were sent and are not answered, in bytes. Beyond it calls wait on the page, in their order. */
export const HIGH_WATER_MARK_BYTES = 8_388_608

/** How much more may be called for, as the writer of a stream says it. */
export interface BackPressure {
  /** Bytes that can be handed over before calls have to wait; 0 or less when they wait already. */
  readonly desiredSize: number
  /** Bytes of all calls that are not answered. */
  readonly queuedBytes: number
  /** Resolves when `desiredSize` is above 0; whoever writes much awaits it before each part. Rejects with CLOSED. */
  readonly ready: Promise<void>
}

/** Counts what is on its way to the worker, so that a page that calls faster than is stored does not fill its memory. */
export interface SendWindow extends BackPressure {
  add(sizeBytes: number): void
  /** Something was sent and is not answered. */
  readonly isBusy: boolean
  fits(sizeBytes: number): boolean
  sent(sizeBytes: number): void
  /** The worker died: nothing is on its way. */
  unsend(sizeBytes: number): void
  remove(sizeBytes: number): void
  close(): void
}

export function createSendWindow(highWaterMark: number): SendWindow {
  let queued = 0
  let underWay = 0
  let ready = Promise.resolve()
  let open: (() => void) | undefined
  let refuse: ((reason: Error) => void) | undefined

  const review = () => {
    if (queued < highWaterMark) {
      open?.()
      open = undefined
      return
    }
    if (open !== undefined) return
    ready = new Promise((resolve, reject) => {
      open = resolve
      refuse = reject
    })
    // Whoever does not await it must not meet an unhandled rejection.
    ready.catch(() => {})
  }

  return {
    get desiredSize() {
      return highWaterMark - queued
    },
    get queuedBytes() {
      return queued
    },
    get ready() {
      return ready
    },
    add: (sizeBytes) => {
      queued += sizeBytes
      review()
    },
    get isBusy() {
      return underWay > 0
    },
    fits: (sizeBytes) => underWay + sizeBytes <= highWaterMark,
    sent: (sizeBytes) => {
      underWay += sizeBytes
    },
    unsend: (sizeBytes) => {
      underWay -= sizeBytes
    },
    remove: (sizeBytes) => {
      queued -= sizeBytes
      review()
    },
    close: () => {
      refuse?.(createError('CLOSED', 'Holdfast was closed while calls waited to be sent; open it again.'))
      open = undefined
    },
  }
}
