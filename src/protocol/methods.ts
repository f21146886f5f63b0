import type { MethodName } from './worker-api.ts'

/** How a call behaves on the wire. */
export interface Method {
  /** A write carries a request id; a read may be sent again at any time. */
  readonly kind: 'read' | 'write'
  /** Its work grows with what it is given: its deadline is the time without progress, not the whole. */
  readonly long?: true
}

const read: Method = { kind: 'read' }
const write: Method = { kind: 'write' }

/** Every method with how it behaves. A name that is not here is refused by the worker. */
export const METHODS = {
  'sessions.create': write,
  'sessions.open': read,
  'sessions.get': read,
  'sessions.list': read,
  'sessions.edit': write,
  'sessions.transition': write,
  'sessions.save': write,
  'sessions.restore': write,
  'sessions.checkpoints': read,
  'sessions.delete': write,
  'sessions.fork': write,
  'sessions.at': read,
  'sessions.import': { kind: 'write', long: true },
  'state.open': read,
  'state.read': read,
  'state.write': write,
  'timeline.emit': write,
  'timeline.append': write,
  'timeline.query': read,
  'timeline.metrics': { kind: 'read', long: true },
  'timeline.statistics': read,
  'timeline.tree': read,
  'artifacts.store': { kind: 'write', long: true },
  'artifacts.get': read,
  'artifacts.versions': read,
  'artifacts.list': read,
  'artifacts.read': read,
  'artifacts.edit': write,
  'artifacts.delete': write,
  'steps.start': write,
  'steps.finish': write,
  'steps.expire': write,
  'runs.open': write,
  'runs.finish': write,
  'runs.cancel': write,
  'runs.free': write,
  'runs.leave': read,
  'runs.explain': read,
  'runs.list': read,
  'replay.run': { kind: 'read', long: true },
  'replay.advance': { kind: 'read', long: true },
  'replay.end': read,
  'replay.diff': read,
  'recordings.value': read,
  'recordings.save': { kind: 'read', long: true },
  'documents.list': read,
  'documents.export': read,
  'adopt.yIndexedDB': { kind: 'write', long: true },
  'storage.info': read,
  'storage.damage': read,
  'storage.repair': { kind: 'read', long: true },
  flush: read,
  'hooks.stats': read,
  'hooks.call': write,
  'hooks.list': read,
  'hooks.switch': read,
  'hooks.breakers': read,
  'hooks.resetBreakers': read,
  'hooks.metrics': read,
} as const satisfies Record<MethodName, Method>

export function isMethodName(name: unknown): name is MethodName {
  return typeof name === 'string' && Object.hasOwn(METHODS, name)
}
