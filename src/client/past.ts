import type { App } from '../core/app/app.ts'
import { type PackedPast, unpackPast } from '../core/session/packed-past.ts'
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
  const { eventId, record, state, artifacts } = unpackPast(packed)
  return {
    eventId,
    info: record,
    // What is stored was checked as it was written; the schemas' types stand on that.
    state: valuesWithin(state, undefined) as Past<A>['state'],
    scope: (scope) => valuesWithin(state, scopeText(scope)),
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

type Values = Readonly<Record<string, StateValue>>

function valuesWithin(state: Values, scope: string | undefined): Values {
  const own = Object.entries(state).flatMap(([entryKey, value]) => {
    const split = splitEntryKey(entryKey)
    return split.scope === scope && asideOf(value) === undefined ? [[split.key, value] as const] : []
  })
  return Object.fromEntries(own)
}
