import { effect, signal } from '@preact/signals'
import type { TimelineEvent } from 'holdfast'
import type { DemoSession } from '../app/holdfast.ts'
import { complain } from '../app/notices.ts'

export interface TimelineFilter {
  /** As `step.*`; empty for all. */
  readonly pattern: string
  readonly order: 'asc' | 'desc'
}

export type TimelineStore = ReturnType<typeof createTimelineStore>

const PAGE = 100

/** The events of a session as filtered, a page at a time; what happens meanwhile is added. */
export function createTimelineStore(session: DemoSession) {
  const filter = signal<TimelineFilter>({ pattern: '', order: 'asc' })
  const items = signal<readonly TimelineEvent[] | null>(null)
  const cursor = signal<string | undefined>(undefined)
  let loading = new AbortController()

  const stop = effect(() => {
    const { pattern, order } = filter.value
    loading.abort()
    loading = new AbortController()
    void load(pattern, order, loading.signal)
  })

  async function load(pattern: string, order: TimelineFilter['order'], signal: AbortSignal): Promise<void> {
    const types = pattern.trim() ? { types: [pattern.trim()] } : {}
    try {
      const watch = session.timeline.watch({ ...types, signal })
      const page = await session.timeline.query({ ...types, order, limit: PAGE }, { signal })
      items.value = page.items
      cursor.value = page.cursor
      for await (const event of watch) add(event)
    } catch (error) {
      if (!signal.aborted) complain(error)
    }
  }

  function add(event: TimelineEvent): void {
    const shown = items.peek() ?? []
    if (shown.some(({ id }) => id === event.id)) return
    if (filter.peek().order === 'desc') items.value = [event, ...shown]
    // With a cursor there is more to load before it; it comes then.
    else if (cursor.peek() === undefined) items.value = [...shown, event]
  }

  async function more(): Promise<void> {
    if (cursor.value === undefined) return
    const { pattern, order } = filter.value
    const types = pattern.trim() ? { types: [pattern.trim()] } : {}
    try {
      const page = await session.timeline.query(
        { ...types, order, limit: PAGE, cursor: cursor.value },
        { signal: loading.signal },
      )
      items.value = [...(items.value ?? []), ...page.items]
      cursor.value = page.cursor
    } catch (error) {
      complain(error)
    }
  }

  return {
    filter,
    items,
    cursor,
    more,
    narrow(change: Partial<TimelineFilter>): void {
      filter.value = { ...filter.value, ...change }
    },
    dispose(): void {
      stop()
      loading.abort()
    },
  }
}
