import type { HookStage, PointName } from '../hook/points.ts'
import type { EventId } from '../ids.ts'
import type { HookRunRecord } from '../timeline/catalog.ts'
import type { StoredEvent } from '../timeline/event.ts'
import type { HybridClock } from '../timeline/hybrid-clock.ts'
import { type EventFrame, makeEvent } from '../timeline/make-event.ts'

/** The event that says which hooks had a part at a stage; none where none had. */
export function hookRan(
  clock: HybridClock,
  point: PointName,
  stage: HookStage,
  runs: readonly HookRunRecord[],
  frame: EventFrame,
): readonly StoredEvent[] {
  if (runs.length === 0) return []
  return [makeEvent(clock.nextId<EventId>(), 'hook.ran', { point, stage, runs }, frame)]
}
