/** Calls and state writes as they are sent: allowed where they are made, known to the worker, numbered, and with their time. */
import type { Durability } from '../core/commit.ts'
import { createError } from '../core/errors.ts'
import type { RequestId } from '../core/ids.ts'
import type { WriteChange } from '../core/state/write-change.ts'
import { assertAnswered } from '../protocol/agree.ts'
import type { Call, PageMessage } from '../protocol/messages.ts'
import { METHODS } from '../protocol/methods.ts'
import type { StateTarget } from '../protocol/worker-api.ts'
import type { MethodName, SendOptions } from './connection.ts'
import { abortedBySignal, type CallOptions, type Frame, requestIdOf, type WriteOptions } from './request.ts'
import type { Timing } from './timing.ts'

export interface OutgoingMessages {
  /** @throws ABORTED by its signal, and in a replay for what would store something; VERSION_MISMATCH where the worker knows no such call */
  call(
    method: MethodName,
    input: unknown,
    options: SendOptions,
    frame: Frame,
  ): { readonly outgoing: Call; readonly isWrite: boolean }
  /** @param tell tells other pages of it. @throws ABORTED in a replay; VERSION_MISMATCH */
  write(
    target: StateTarget,
    changes: readonly WriteChange[],
    options: WriteOptions,
    frame: Frame,
    tell?: (request: RequestId) => boolean,
  ): Extract<PageMessage, { readonly type: 'write' }>
}

export function createOutgoing({
  timing,
  durability: usual,
  protocol,
}: {
  readonly timing: Pick<Timing, 'deadlineMs' | 'longDeadlineMs'>
  /** Of state writes that do not say it. */
  readonly durability: Durability | undefined
  /** That the worker speaks. */
  readonly protocol: () => number
}): OutgoingMessages {
  let lastId = 0

  function nextId(): number {
    lastId += 1
    return lastId
  }

  function common(frame: Frame, { deadlineMs = timing.deadlineMs }: CallOptions) {
    return {
      deadlineMs,
      ...(frame.cause && { cause: frame.cause }),
      ...(frame.hookPath && { hookPath: frame.hookPath }),
    }
  }

  return {
    call(method, input, options, frame) {
      const { signal, deadlineMs } = options
      const { kind, long } = traits(method)
      const isWrite = kind === 'write'
      if (signal?.aborted) throw abortedBySignal(method, signal)
      if (isWrite) assertNoReplay(frame, method)
      assertAnswered(method, protocol())
      const outgoing = {
        id: nextId(),
        method,
        input,
        ...common(frame, { deadlineMs: deadlineMs ?? (long ? timing.longDeadlineMs : undefined) }),
        ...(isWrite && requestIdOf(options)),
      }
      return { outgoing, isWrite }
    },
    write(target, changes, options, frame, tell) {
      assertNoReplay(frame, 'state.write')
      // An older worker would write what belongs to a scope, or stands aside, openly among the session's own keys.
      if (changes.some(isOfProtocol2)) assertAnswered('state.read', protocol())
      const { durability = usual } = options
      const request = requestIdOf(options)
      return {
        type: 'write',
        id: nextId(),
        target,
        changes,
        ...request,
        ...common(frame, options),
        ...(durability && { durability }),
        ...(tell?.(request.requestId) === true && { told: true as const }),
      }
    },
  }
}

function traits(method: MethodName): { readonly kind: 'read' | 'write'; readonly long?: true } {
  return METHODS[method]
}

function isOfProtocol2(change: WriteChange): boolean {
  return change.scope !== undefined || (change.class !== undefined && change.class !== 'standard')
}

function assertNoReplay({ replayOf }: Frame, what: string): void {
  if (replayOf === undefined) return
  throw createError(
    'ABORTED',
    `${what} was refused: the step ${replayOf} is being replayed, and a replay stores nothing.`,
    { step: replayOf },
  )
}
