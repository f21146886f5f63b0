import { signal } from '@preact/signals'
import type { Checkpoint } from 'holdfast'
import type { DemoSession } from '../app/holdfast.ts'
import { complain } from '../app/notices.ts'
import { createRefresher } from '../app/refresher.ts'

/** The checkpoints of a session, newest first. */
export function createCheckpointsStore(session: DemoSession) {
  const items = signal<readonly Checkpoint[] | null>(null)
  const ending = new AbortController()

  async function read(): Promise<void> {
    try {
      const checkpoints = await session.checkpoints.list()
      items.value = checkpoints.toSorted((a, b) => b.at - a.at)
    } catch (error) {
      if (!ending.signal.aborted) complain(error)
    }
  }

  const refresh = createRefresher(read)
  async function follow(): Promise<void> {
    for await (const _event of session.timeline.watch({ types: ['session.saved'], signal: ending.signal }))
      refresh()
  }

  refresh()
  void follow()
  return { items, dispose: () => ending.abort() }
}
