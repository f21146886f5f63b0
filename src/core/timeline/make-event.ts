import type { CorrelationId, EventId } from '../ids.ts'
import type { Request } from '../request.ts'
import type { Actor } from '../session/record.ts'
import type { StateValue } from '../state/value.ts'
import type { EventDataByType, EventType } from './catalog.ts'
import type { EventSource, StoredEvent } from './event.ts'
import type { EventDetails } from './event-details.ts'

/** What an operation's events have in common. */
export interface EventFrame extends EventDetails {
  readonly correlationId: CorrelationId
  readonly causeId?: EventId
  readonly actor?: Actor
  /** @defaultValue 'local' */
  readonly source?: EventSource
  /** Original time in milliseconds, where it differs from the time of recording. */
  readonly at?: number
}

/** An event's data: of a type of Holdfast's own as the catalogue says, of any other what state can hold. */
export type DataOf<Type extends string> = Type extends EventType ? EventDataByType[Type] : StateValue

/** An event as it is stored. */
export function makeEvent<Type extends string>(
  id: EventId,
  type: Type,
  data: DataOf<Type>,
  frame: EventFrame,
): StoredEvent<DataOf<Type>> {
  const { source = 'local', ...rest } = frame
  return { id, type, data, source, schema: 1, ...rest }
}

/** The frame of what a request does. */
export function frameOf({ causeId, actor }: Request, correlationId: CorrelationId): EventFrame {
  return {
    correlationId,
    ...(causeId === undefined ? {} : { causeId }),
    ...(actor === undefined ? {} : { actor }),
  }
}
