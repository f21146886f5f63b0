import { computed, effect, signal } from '@preact/signals'
import type { SessionQuery, SessionRecord } from 'holdfast'
import type { DemoHoldfast } from '../app/holdfast.ts'
import { complain } from '../app/notices.ts'
import { createRefresher } from '../app/refresher.ts'

/** What the list is narrowed and sorted by. */
export interface SessionFilters {
  readonly search: string
  readonly status: SessionRecord['status'] | ''
  readonly tag: string
  readonly sortBy: NonNullable<SessionQuery['sortBy']>
}

export type SessionListStore = ReturnType<typeof createSessionListStore>

const PAGE = 50

/** The list of sessions as filtered, a page at a time, and again whenever a session changes in any tab. */
export function createSessionListStore(holdfast: DemoHoldfast) {
  const filters = signal<SessionFilters>({ search: '', status: '', tag: '', sortBy: 'updatedAt' })
  const filtered = computed(() => {
    const { search, status, tag } = filters.value
    return search !== '' || status !== '' || tag !== ''
  })
  const items = signal<readonly SessionRecord[] | null>(null)
  const total = signal(0)
  const limit = signal(PAGE)
  let asked = 0

  async function load(): Promise<void> {
    const query = queryOf(filters.value, limit.value)
    asked += 1
    const number = asked
    try {
      const page = await holdfast.sessions.list(query)
      // A slow answer must not replace a newer one.
      if (number !== asked) return
      items.value = page.items
      total.value = page.total ?? page.items.length
    } catch (error) {
      complain(error)
    }
  }

  const refresh = createRefresher(load)
  effect(() => {
    void load()
  })
  void follow(holdfast, refresh)
  // A store that was begun anew has other sessions.
  holdfast.storage.subscribe(refresh)

  return {
    filters,
    filtered,
    items,
    total,
    narrow(change: Partial<SessionFilters>): void {
      limit.value = PAGE
      filters.value = { ...filters.value, ...change }
    },
    more(): void {
      limit.value += PAGE
    },
  }
}

function queryOf({ search, status, tag, sortBy }: SessionFilters, limit: number): SessionQuery {
  return {
    sortBy,
    limit,
    count: true,
    ...(search.trim() ? { search: search.trim() } : {}),
    ...(status ? { status } : {}),
    ...(tag.trim() ? { tags: [tag.trim()] } : {}),
  }
}

async function follow(holdfast: DemoHoldfast, refresh: () => void): Promise<void> {
  for await (const _event of holdfast.timeline.watch()) refresh()
}
