import { computed, effect, signal } from '@preact/signals'
import type { Past, TimelineEvent } from 'holdfast'
import type { DemoSession } from '../app/holdfast.ts'
import { complain } from '../app/notices.ts'

/** Events that the slider covers; the timeline gives no more at once. */
const MAX_EVENTS = 10_000

/** Every moment of a session, and the session as it was at the chosen one. */
export function createReplayStore(session: DemoSession) {
  const events = signal<readonly TimelineEvent[]>([])
  const place = signal(0)
  const past = signal<Past | null>(null)
  const ending = new AbortController()
  const event = computed(() => events.value[place.value])
  let reading = new AbortController()

  async function load(): Promise<void> {
    const watch = session.timeline.watch({ signal: ending.signal })
    const { items } = await session.timeline.query({ limit: MAX_EVENTS }, { signal: ending.signal })
    events.value = items
    for await (const next of watch) {
      if (!events.peek().some(({ id }) => id === next.id)) events.value = [...events.peek(), next]
    }
  }

  async function read(moment: TimelineEvent): Promise<void> {
    reading.abort()
    reading = new AbortController()
    const { signal } = reading
    try {
      const then = await session.at(moment, { signal })
      if (!signal.aborted) past.value = then
    } catch (error) {
      if (!signal.aborted) complain(error)
    }
  }

  load().catch((error: unknown) => {
    if (!ending.signal.aborted) complain(error)
  })
  const stop = effect(() => {
    if (event.value !== undefined) void read(event.value)
  })

  return {
    events,
    place,
    event,
    past,
    moveTo(index: number): void {
      place.value = Math.min(Math.max(index, 0), events.value.length - 1)
    },
    dispose(): void {
      stop()
      ending.abort()
      reading.abort()
    },
  }
}
