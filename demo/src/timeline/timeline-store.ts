import { effect, signal } from '@preact/signals'
import type { TimelineEvent } from 'holdfast'
import type { DemoSession } from '../app/holdfast.ts'
import { complain } from '../app/notices.ts'

export interface TimelineFilter {
  /** As `step.*`; empty for all. */
  readonly pattern: string
  readonly order: 'asc' | 'desc'
  /** Whether the records of hooks are shown where no pattern says it. */
  readonly hooks: boolean
}

export type TimelineStore = ReturnType<typeof createTimelineStore>

const PAGE = 100

/** All types that are recorded here but `hook.ran`: patterns only say what fits. */
const WITHOUT_HOOKS = [
  'session.*',
  'message.*',
  'model.*',
  'note.*',
  'state.*',
  'artifact.*',
  'step.*',
  'run.*',
  'document.*',
  'import.*',
]

/** The events of a session as filtered, a page at a time; what happens meanwhile is added. */
export function createTimelineStore(session: DemoSession) {
  const filter = signal<TimelineFilter>({ pattern: '', order: 'asc', hooks: false })
  const items = signal<readonly TimelineEvent[] | null>(null)
  const cursor = signal<string | undefined>(undefined)
  let loading = new AbortController()

  const stop = effect(() => {
    const asked = filter.value
    loading.abort()
    loading = new AbortController()
    void load(asked, loading.signal)
  })

  async function load(asked: TimelineFilter, signal: AbortSignal): Promise<void> {
    const types = typesOf(asked)
    try {
      // Watched first, so that nothing is missed in between.
      const watch = session.timeline.watch({ ...types, signal })
      const page = await session.timeline.query({ ...types, order: asked.order, limit: PAGE }, { signal })
      items.value = page.items
      cursor.value = page.cursor
      for await (const event of watch) add(event)
    } catch (error) {
      if (!signal.aborted) complain(error)
    }
  }

  function add(event: TimelineEvent): void {
    const { order } = filter.peek()
    const shown = items.peek() ?? []
    // What is after the last page shown comes with its own page.
    if (order === 'asc' && cursor.peek() !== undefined) return
    if (shown.some(({ id }) => id === event.id)) return
    const direction = order === 'asc' ? 1 : -1
    items.value = [...shown, event].sort((a, b) => (a.id < b.id ? -direction : direction))
  }

  async function more(): Promise<void> {
    if (cursor.value === undefined) return
    const { signal } = loading
    const query = { ...typesOf(filter.value), order: filter.value.order, limit: PAGE, cursor: cursor.value }
    try {
      const page = await session.timeline.query(query, { signal })
      items.value = [...(items.value ?? []), ...page.items]
      cursor.value = page.cursor
    } catch (error) {
      if (!signal.aborted) complain(error)
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

function typesOf({ pattern, hooks }: TimelineFilter): { readonly types?: readonly string[] } {
  if (pattern.trim()) return { types: [pattern.trim()] }
  return hooks ? {} : { types: WITHOUT_HOOKS }
}
