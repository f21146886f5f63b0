import { effect, signal } from '@preact/signals'
import type { Artifact } from 'holdfast'
import type { DemoSession } from '../app/holdfast.ts'
import { complain } from '../app/notices.ts'
import { createRefresher } from '../app/refresher.ts'

export interface ArtifactFilter {
  /** Part of a name, or a pattern with `*`. */
  readonly name: string
  readonly kind: string
}

export type ArtifactsStore = ReturnType<typeof createArtifactsStore>

const PAGE = 50

/** The newest version of each artifact of a session, as filtered, and the chosen one. */
export function createArtifactsStore(session: DemoSession) {
  const filter = signal<ArtifactFilter>({ name: '', kind: '' })
  const limit = signal(PAGE)
  const items = signal<readonly Artifact[] | null>(null)
  const total = signal(0)
  const chosen = signal<string | null>(null)
  const ending = new AbortController()
  let asked = 0

  async function read(): Promise<void> {
    const { name, kind } = filter.value
    asked += 1
    const number = asked
    try {
      const page = await session.artifacts.list(
        {
          latest: true,
          sortBy: 'createdAt',
          limit: limit.value,
          count: true,
          ...(name.trim() ? { name: patternOf(name.trim()) } : {}),
          ...(kind ? { kind } : {}),
        },
        { signal: ending.signal },
      )
      if (number !== asked) return
      items.value = page.items
      total.value = page.total ?? page.items.length
    } catch (error) {
      if (!ending.signal.aborted) complain(error)
    }
  }

  const refresh = createRefresher(read)
  async function follow(): Promise<void> {
    for await (const _event of session.timeline.watch({ types: ['artifact.*'], signal: ending.signal }))
      refresh()
  }

  const stop = effect(() => {
    void read()
  })
  void follow()

  return {
    filter,
    items,
    total,
    /** Name of the artifact that is shown. */
    chosen,
    narrow(change: Partial<ArtifactFilter>): void {
      limit.value = PAGE
      filter.value = { ...filter.value, ...change }
    },
    more(): void {
      limit.value += PAGE
    },
    dispose(): void {
      stop()
      ending.abort()
    },
  }
}

function patternOf(text: string): string {
  return text.includes('*') ? text : `*${text}*`
}
