import type { HookRegistry } from '../core/hook/registry.ts'
import { type RequestId, type StreamId, scopeStream, sessionStream } from '../core/ids.ts'
import type { WallClock } from '../core/ports.ts'
import { placeOf } from '../core/session/place.ts'
import type { SessionRecord } from '../core/session/record.ts'
import { isDeclaredSensitive } from '../core/session/sensitive-keys.ts'
import { admitChanges } from '../core/state/admit.ts'
import type { StateClass } from '../core/state/aside.ts'
import { entryKeyOf } from '../core/state/scope.ts'
import { sizeOfValue } from '../core/state/value-size.ts'
import type { WriteChange } from '../core/state/write-change.ts'
import type { PageMessage } from '../protocol/messages.ts'
import type { StateTarget } from '../protocol/worker-api.ts'
import type { Peers } from '../sync/peers.ts'
import type { Tabs } from '../sync/tabs.ts'
import type { ClosedKeys } from './closed-keys.ts'
import type { Closings } from './closings.ts'

/** Tells other tabs of a state write before it is stored. */
export type Foretell = (
  request: RequestId,
  client: string,
  write: Pick<Extract<PageMessage, { type: 'write' }>, 'target' | 'changes' | 'told'>,
) => Foretold

export interface Foretold {
  /** What became of it. */
  settle(isStored: boolean): void
  /**
   * Where it makes a key sensitive: resolves when the other tabs have heard of that, so that none of them tells what is
   * written to the key any more. It is to be stored only then.
   */
  readonly heard?: Promise<void>
}

const NOTHING: Foretold = { settle: () => {} }

/** Of one write, as `sizeOfValue` counts it. A message is copied to every tab; a larger write shows when it is stored. */
export const FORETOLD_BYTES = 16_384

const FORETOLD_CHANGES = 64

/** How long a write that its page told is not told by the worker: other pages show it longer than that, unconfirmed. */
export const TOLD_MS = 250

/**
 * What of a write is told beforehand: what its own page shows beforehand too. Keys that a before-hook covers are not,
 * since nobody knows what the hook will say. Of a sensitive value the key alone is told, so that other tabs tell nothing of
 * it from then on.
 */
export function createForetell(deps: {
  readonly tabs: Tabs
  readonly wall: Pick<WallClock, 'after'>
  readonly peers: Pick<Peers, 'alone' | 'heard'>
  readonly registry: Pick<HookRegistry, 'at'>
  readonly record: (stream: StreamId) => SessionRecord | undefined
  readonly closedKeys: Pick<ClosedKeys, 'isOpen' | 'isClosed' | 'close'>
  readonly closings: Closings
  /** How the app of the worker declares that keys of a session are kept. */
  readonly stateClasses: Readonly<Record<string, StateClass | undefined>>
}): Foretell {
  const { tabs, peers, registry, closedKeys } = deps

  /** What stands aside is in no mirror, its own page's included; which keys the page knows last. */
  function isOpen(stream: StreamId, target: StateTarget, change: WriteChange): boolean {
    if (change.value === undefined) return true
    const isDeclared =
      'session' in target && change.scope === undefined && isDeclaredSensitive(deps.stateClasses, change.key)
    if (isDeclared) return false
    if (change.class !== undefined) return change.class === 'standard'
    return closedKeys.isOpen(stream, entryKeyOf(change))
  }

  function toldOf(client: string, stream: StreamId, write: Parameters<Foretell>[2]) {
    const { target } = write
    const changes = write.changes.filter((change) => isOpen(stream, target, change))
    const hooks = registry.at('state:write', 'before')
    if (hooks.length === 0) return changes
    const session = deps.record(stream)
    const scope = {
      request: { client },
      ...('session' in target ? { sessionId: target.session } : {}),
      ...(session === undefined ? {} : { session }),
    }
    return changes.filter((change) => !hooks.some((hook) => hook.applies(change, scope)))
  }

  const foretell: Foretell = (request, client, write) => {
    const { target, changes } = write
    const stream = 'session' in target ? sessionStream(target.session) : scopeStream(target.scope)
    const closing = changes.flatMap(({ value: _, ...change }) =>
      change.class === 'sensitive' ? [change] : [],
    )
    const isNews = closing.some((change) => !closedKeys.isClosed(stream, entryKeyOf(change)))
    closedKeys.close(stream, closing.map(entryKeyOf))
    if (isNews) deps.closings.close(stream, closing.map(entryKeyOf), client)
    const hearing = isNews ? deps.closings.heard : undefined
    if (peers.alone) return hearing === undefined ? NOTHING : { ...NOTHING, heard: hearing.then(() => {}) }
    const isSmall = changes.length <= FORETOLD_CHANGES && areSmall(changes)
    const told = [...(isSmall ? toldOf(client, stream, write) : []), ...closing]
    if (told.length === 0) return NOTHING
    const foresee = () => tabs.foresee({ request, stream, changes: told })
    const settle = (isStored: boolean) => tabs.settle(request, isStored)
    if (write.told === true && closing.length === 0) {
      // Its page told the other pages. Their workers need not hear of what is stored soon.
      const stopWaiting = deps.wall.after(TOLD_MS, foresee)
      return {
        settle: (isStored) => {
          stopWaiting()
          settle(isStored)
        },
      }
    }
    foresee()
    if (!isNews) return { settle }
    tabs.flush()
    return { settle, heard: Promise.all([peers.heard(), hearing]).then(() => {}) }
  }

  return (request, client, write) => {
    try {
      return foretell(request, client, write)
    } catch (error) {
      assertWrite(write)
      throw error
    }
  }
}

/** A page may send anything. What cannot be told is mostly no write at all, and then the error says what is wrong with it. */
function assertWrite({ target, changes }: Parameters<Foretell>[2]): void {
  placeOf(target)
  admitChanges(changes)
}

function areSmall(changes: Parameters<Foretell>[2]['changes']): boolean {
  let sizeBytes = 0
  for (const { value } of changes) {
    if (value !== undefined) sizeBytes += sizeOfValue(value)
    if (sizeBytes > FORETOLD_BYTES) return false
  }
  return true
}
