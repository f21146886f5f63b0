import type { StandardSchemaV1 } from '@standard-schema/spec'
import { admitState } from '../state/admit.ts'
import { sameValue } from '../state/same-value.ts'
import { checkSchema } from '../state/schema.ts'
import type { StateValue } from '../state/value.ts'
import type { App } from './app.ts'

/** Gives what is recorded where hooks made other data of what was given. @throws SCHEMA_INVALID */
export type HoldEvent = (type: string, given: StateValue, made: StateValue) => StateValue

/**
 * Holds what hooks make of the data of a declared event to its schema. What was given has been through it on the page
 * already: where the schema would not leave that as it is, it makes something else of what it takes, and says nothing of
 * data that it has made.
 */
export function holdEvents(events: App['events'] = {}): HoldEvent {
  return (type, given, made) => {
    const schema = Object.hasOwn(events, type) ? events[type] : undefined
    if (schema === undefined || !leaves(schema, given)) return made
    return admitState(checkSchema(schema, made, `event "${type}"`), 'data')
  }
}

function leaves(schema: StandardSchemaV1, given: StateValue): boolean {
  try {
    return sameValue(admitState(checkSchema(schema, given, 'an event'), 'data'), given)
  } catch {
    return false
  }
}
