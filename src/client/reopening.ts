/**
 * Opens a database anew in a page that had it open, and finds out when the browser does not open it any more: after
 * WebKit's storage process has died, every open fails in the page and in all its workers until the page is reloaded.
 */
import { createError, type HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { Timing } from './timing.ts'

export interface Reopening {
  /** The page needs a reload; only a probe goes on. */
  readonly isGivenUp: boolean
  /** Opens it, by several tries where the browser fails. @throws STORAGE_NEEDS_RELOAD after the last one */
  begin(): Promise<void>
  /** One more try in a page that needs a reload. Resolves too when the browser still fails. */
  again(): Promise<void>
  /** It is open. */
  over(): void
  stop(): void
}

export function createReopening(
  { reopenAfterMs, probeMs }: Pick<Timing, 'reopenAfterMs' | 'probeMs'>,
  { open, probe }: { readonly open: () => Promise<void>; readonly probe: () => void },
): Reopening {
  let isGivenUp = false
  let stopped = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let wake = () => {}

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      wake = resolve
      timer = setTimeout(resolve, ms)
    })
  const over = () => {
    isGivenUp = false
    clearTimeout(timer)
  }
  const probeLater = () => {
    if (!stopped) timer = setTimeout(probe, probeMs)
  }

  return {
    get isGivenUp() {
      return isGivenUp
    },
    begin: async () => {
      for (const waitMs of reopenAfterMs) {
        const failure = await failureOf(open)
        if (failure === undefined || stopped) return
        await pause(waitMs)
        if (stopped) return
      }
      const failure = await failureOf(open)
      if (failure === undefined || stopped) return
      isGivenUp = true
      probeLater()
      throw needsReload(failure, reopenAfterMs.length + 1)
    },
    again: async () => {
      try {
        if ((await failureOf(open)) !== undefined) probeLater()
      } catch (error) {
        over()
        throw error
      }
    },
    over,
    stop: () => {
      stopped = true
      clearTimeout(timer)
      wake()
    },
  }
}

/** How the browser failed to open it; undefined where it is open. @throws what another try cannot mend */
async function failureOf(open: () => Promise<void>): Promise<HoldfastError | undefined> {
  try {
    await open()
    return undefined
  } catch (error) {
    if (isHoldfastError(error) && isBroken(error)) return error
    throw error
  }
}

/** The browser's word for a failure inside its own database, whatever it was asked to do; or the disk is full. */
function isBroken({ code, details }: HoldfastError): boolean {
  return code === 'QUOTA_EXCEEDED' || (code === 'STORAGE_FAILED' && details.name === 'UnknownError')
}

function needsReload(cause: HoldfastError, tries: number): HoldfastError {
  const what =
    cause.code === 'QUOTA_EXCEEDED'
      ? `The disk is full: the browser opens no database in this page (${tries} tries). Make room on it; the page goes on by itself`
      : `The browser opens no database any more in this page (${tries} tries). Reload the page`
  return createError('STORAGE_NEEDS_RELOAD', `${what}: what was stored is there.`, { tries }, cause)
}
