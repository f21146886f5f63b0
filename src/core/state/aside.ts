/**
 * Values that stand aside: in a content of their own, while their entry only names it. Sensitive ones, so that they are
 * in one place alone, and archived ones, so that what is rarely read is packed and does not travel with the rest.
 */
import type { ContentId } from '../ids.ts'
import type { StateValue } from './value.ts'

/**
 * How a value is kept.
 * - `ephemeral`: in this tab's memory, gone with its session or the tab.
 * - `standard`: in the session's document, in every tab.
 * - `sensitive`: in a content of the session alone; events, hooks, watches and mirrors never have it.
 * - `archive`: packed in a content, read when it is asked for.
 */
export type StateClass = 'ephemeral' | 'standard' | 'sensitive' | 'archive'

export type AsideClass = Extract<StateClass, 'sensitive' | 'archive'>

/** Where a value that stands aside is. */
export interface Aside {
  readonly class: AsideClass
  /** The key domain of the content: of a sensitive value the stream it belongs to. */
  readonly domain: string
  readonly content: ContentId
  readonly sizeBytes: number
}

/** The one key of what an entry holds instead of such a value. Admission refuses it in values of callers. */
export const ASIDE_KEY = '\u0000aside'

/** What the entry of a value that stands aside holds. */
export function asideValue(aside: Aside): StateValue {
  return { [ASIDE_KEY]: { ...aside } }
}

/** Where the value is that an entry names; undefined where the entry holds the value itself. */
export function asideOf(value: StateValue | undefined): Aside | undefined {
  if (typeof value !== 'object' || value === null || !(ASIDE_KEY in value)) return undefined
  const aside: unknown = value[ASIDE_KEY]
  return isAside(aside) ? aside : undefined
}

export function isAsideClass(given: unknown): given is AsideClass {
  return given === 'sensitive' || given === 'archive'
}

function isAside(given: unknown): given is Aside {
  return (
    typeof given === 'object' &&
    given !== null &&
    'class' in given &&
    isAsideClass(given.class) &&
    'content' in given &&
    typeof given.content === 'string'
  )
}
