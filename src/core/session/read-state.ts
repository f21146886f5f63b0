import type { AsideStore } from '../artifact/aside-content.ts'
import type { EventId } from '../ids.ts'
import type { Log } from '../ports.ts'
import { asideOf } from '../state/aside.ts'
import { entryKeyOf } from '../state/scope.ts'
import type { StateValue } from '../state/value.ts'
import { invalid } from './fields.ts'
import type { StateTarget } from './input.ts'
import { openState } from './open.ts'
import { sessionAt } from './past.ts'
import { placeOf } from './place.ts'

export interface ReadState {
  readonly target: StateTarget
  readonly key: string
  /** The scope inside the session, as `agent:planner`. */
  readonly scope?: string
  /** Right after this event of the session. @defaultValue as it is now */
  readonly at?: EventId
}

/**
 * The value of one key, also where it stands aside.
 *
 * @throws EVENT_NOT_FOUND, SESSION_NOT_FOUND; CONTENT_DAMAGED.
 */
export async function readState(
  deps: { readonly log: Log; readonly artifacts: Pick<AsideStore, 'readAside'> },
  input: ReadState,
): Promise<{ readonly value?: StateValue }> {
  const value = await storedValue(deps.log, input)
  const aside = asideOf(value)
  if (aside !== undefined) return { value: await deps.artifacts.readAside(aside) }
  return value === undefined ? {} : { value }
}

async function storedValue(log: Log, { target, at, ...key }: ReadState): Promise<StateValue | undefined> {
  const { session, stream } = placeOf(target)
  const entryKey = entryKeyOf(key)
  if (at === undefined) return (await openState(log, stream)).find((entry) => entry.key === entryKey)?.value
  if (session === undefined) throw invalid('at', 'is a moment of a session, and the target is none')
  const { state } = await sessionAt(log, session, at)
  return Object.hasOwn(state, entryKey) ? state[entryKey] : undefined
}
