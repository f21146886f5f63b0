import type { StorageMeter } from '../core/ports.ts'

/** How long the browser may take to say what it stores. */
const ANSWER_WITHIN_MS = 2_000

/** The part of the host that is asked; `persist` is there on pages only. */
export type StorageHost = Partial<Pick<StorageManager, 'persisted' | 'estimate'>> & {
  persist?(): Promise<boolean>
}

/**
 * Asks the browser about this origin's storage. Nothing here is needed to open a database, so nothing here may hold
 * one up: what is missing, fails or takes more than two seconds is answered with `false` and `null`.
 */
export function createStorageMeter(
  storage: StorageHost | undefined = globalThis.navigator?.storage,
): StorageMeter {
  return {
    persisted: () => within(ANSWER_WITHIN_MS, false, async () => (await storage?.persisted?.()) ?? false),

    estimate: () =>
      within(ANSWER_WITHIN_MS, { usageBytes: null, quotaBytes: null }, async () => {
        const { usage = null, quota = null } = (await storage?.estimate?.()) ?? {}
        return { usageBytes: usage, quotaBytes: quota }
      }),

    // Firefox asks the person and answers when they do, perhaps never; workers have no persist() at all.
    async persist() {
      try {
        return (await storage?.persist?.()) ?? false
      } catch {
        return false
      }
    },
  }
}

async function within<T>(limitMs: number, otherwise: T, ask: () => Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const limit = new Promise<T>((resolve) => {
    timer = setTimeout(resolve, limitMs, otherwise)
  })
  try {
    return await Promise.race([ask(), limit])
  } catch {
    return otherwise
  } finally {
    clearTimeout(timer)
  }
}
