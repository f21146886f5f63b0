/** What an app says of an event beside its type and data: how it stands to others, its tags, whom it is for. */
import type { EventId } from '../ids.ts'

/** How an event can stand to another one, beside hanging below its cause. */
export type LinkKind = 'causedBy' | 'partOf' | 'relatedTo' | 'responseTo' | 'followsFrom'

/** Ids of the other events. `causedBy`: further causes, beside the one that the event hangs below. */
export type EventLinks = Readonly<Partial<Record<LinkKind, readonly EventId[]>>>

export interface EventDetails {
  readonly links?: EventLinks
  /** 64 at most, of up to 64 characters each. */
  readonly tags?: readonly string[]
  /** Whom or what the event is for: one line of up to 255 characters. */
  readonly target?: string
}
