import type { App } from '../core/app/app.ts'
import { type PackedPast, pastValues } from '../core/session/packed-past.ts'
import { asideOf } from '../core/state/aside.ts'
import { scopeText, splitEntryKey } from '../core/state/scope.ts'
import type { StateValue } from '../core/state/value.ts'
import { createArtifact } from './artifact.ts'
import type { Caller } from './caller.ts'
import type { Past, Session } from './session-handle.ts'

export function createPast<A extends App>(
  packed: PackedPast,
  caller: Caller,
  session: Session<A>,
  restore: Past<A>['restore'],
): Past<A> {
  const { eventId, record, artifacts } = packed
  const values = pastValues(packed)
  return {
    eventId,
    info: record,
    // What is stored was checked as it was written; the schemas' types stand on that.
    state: valuesWithin(values, undefined) as Past<A>['state'],
    scope: (scope) => valuesWithin(values, scopeText(scope)),
    read: async (key, { scope, ...options } = {}) => {
      const within = scope === undefined ? {} : { scope: scopeText(scope) }
      const at = { target: { session: record.id }, at: eventId }
      return (await caller.call('state.read', { ...at, ...within, key }, options)).value
    },
    artifacts: artifacts.map((artifact) => createArtifact(artifact, caller)),
    restore,
    fork: (what, options) => session.fork({ ...what, at: eventId }, options),
  }
}

type Values = ReadonlyMap<string, StateValue>

function valuesWithin(values: Values, scope: string | undefined): Readonly<Record<string, StateValue>> {
  const own: [string, StateValue][] = []
  for (const [entryKey, value] of values) {
    const split = splitEntryKey(entryKey)
    if (split.scope === scope && asideOf(value) === undefined) own.push([split.key, value])
  }
  return Object.fromEntries(own)
}
