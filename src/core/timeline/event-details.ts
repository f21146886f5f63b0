/** What an app says of an event beside its type and data: how it stands to others, its tags, whom it is for. */
import type { EventId } from '../ids.ts'

/** How an event can stand to another one, beside being caused by it. */
export const LINK_KINDS = ['causedBy', 'partOf', 'relatedTo', 'responseTo', 'followsFrom'] as const
export type LinkKind = (typeof LINK_KINDS)[number]

/** Ids of the other events. `causedBy`: further causes, beside the one that the event hangs below. */
export type EventLinks = Readonly<Partial<Record<LinkKind, readonly EventId[]>>>

export interface EventDetails {
  readonly links?: EventLinks
  /** 64 at most, of up to 64 characters each. */
  readonly tags?: readonly string[]
  /** Whom or what the event is for: one line of up to 255 characters. */
  readonly target?: string
}

/** The details alone of whatever has them. */
export function detailsOf({ links, tags, target }: EventDetails): EventDetails {
  return {
    ...(links === undefined ? {} : { links }),
    ...(tags === undefined ? {} : { tags }),
    ...(target === undefined ? {} : { target }),
  }
}

export function isLinkKind(name: unknown): name is LinkKind {
  return (LINK_KINDS as readonly unknown[]).includes(name)
}
