import { signal } from '@preact/signals'
import { HoldfastError } from 'holdfast'

/** A message to the person. Good news leaves by itself; trouble stays until it is dismissed. */
export interface Notice {
  readonly id: number
  readonly kind: 'good' | 'bad'
  readonly text: string
  /** The error's code, to look up or to report. */
  readonly code?: string
}

const GOOD_NEWS_MS = 5_000
const MAX_NOTICES = 4

export const notices = signal<readonly Notice[]>([])

let lastId = 0

export function tell(text: string): void {
  const id = show({ kind: 'good', text })
  setTimeout(() => dismiss(id), GOOD_NEWS_MS)
}

/** Every error that reaches a person does so here. */
export function complain(error: unknown): void {
  if (isAbort(error)) return
  if (error instanceof HoldfastError) show({ kind: 'bad', text: error.message, code: error.code })
  else
    show({
      kind: 'bad',
      text: `This did not work: ${error instanceof Error ? error.message : String(error)}`,
    })
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id)
}

/** Does what a person asked for; what goes wrong is told, not thrown. @returns whether it went well */
export async function attempt(action: () => Promise<unknown>, success?: string): Promise<boolean> {
  try {
    await action()
  } catch (error) {
    complain(error)
    return false
  }
  if (success !== undefined) tell(success)
  return true
}

function show(notice: Omit<Notice, 'id'>): number {
  lastId += 1
  // The same trouble twice is one message.
  const others = notices.value.filter(({ text }) => text !== notice.text)
  notices.value = [...others, { ...notice, id: lastId }].slice(-MAX_NOTICES)
  return lastId
}

/** Whoever gave up on purpose needs no message about it. */
function isAbort(error: unknown): boolean {
  return (
    (error instanceof HoldfastError && error.code === 'ABORTED') ||
    (error instanceof DOMException && error.name === 'AbortError')
  )
}
