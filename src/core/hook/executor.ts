import type { HoldfastError } from '../errors.ts'
import type { Digest, WallClock } from '../ports.ts'
import { AFTER_QUEUE_LIMIT, createAfterQueue } from './after-queue.ts'
import { askBeforeHooks } from './before-hooks.ts'
import { type ContextBase, contextBase } from './context.ts'
import type { PayloadByPoint } from './definition.ts'
import { freezePayload } from './freeze-payload.ts'
import { guardReentrance, targetOf } from './hook-path.ts'
import { andThen, inTurn, type Soon } from './in-turn.ts'
import { type HookNotes, NO_NOTES, withNote } from './notes.ts'
import type { BeforeResult, HookScope, OperationHooks } from './operation-hooks.ts'
import { HOOK_STAGES, type HookStage, type PointName } from './points.ts'
import { shapeRecord } from './record-hooks.ts'
import { PAGE_HOOK_TIMEOUT_MS, type RegisteredHook } from './registered-hook.ts'
import type { HookRegistry } from './registry.ts'
import type { HookReply } from './reply.ts'
import { type Answer, runHook } from './run-hook.ts'
import { type RedactNote, recordRuns } from './run-records.ts'
import { atMost } from './settle-hooks.ts'

/** A hook said no, failed, or was too late: for logs and counters, since an after-hook's failure is seen nowhere else. */
export interface HookIncident {
  /** `id@version`. */
  readonly hook: string
  readonly point: PointName
  readonly stage: HookStage
  readonly error: HoldfastError
  /** Whether the operation was refused for it. */
  readonly refused: boolean
}

export interface HookExecutorOptions {
  readonly wall: WallClock
  readonly registry: HookRegistry
  /** Without one, runs are recorded without digests. */
  readonly digest?: Digest
  /** What becomes of hooks' notes before they are recorded. */
  readonly redact?: RedactNote
  readonly onIncident?: (incident: HookIncident) => void
  /** Operations whose after-hooks may wait at once; further ones are dropped and counted. @defaultValue 10,000 */
  readonly afterQueueLimit?: number
}

/** Runs the hooks of operations. */
export interface HookExecutor extends OperationHooks {}

/** As long as one hook of a page has: a queue of hooks that hang must not be what a suspend fails by. */
const DRAIN_MS = PAGE_HOOK_TIMEOUT_MS

type Payload = PayloadByPoint[PointName]

/** The hooks of one operation at one stage, and what they are told. */
interface Round {
  readonly point: PointName
  readonly scope: HookScope
  readonly base: ContextBase
  /** Of the request; absent where nobody waits. */
  readonly signal?: AbortSignal
}

export function createHookExecutor(options: HookExecutorOptions): HookExecutor {
  const { wall, registry } = options
  const queue = createAfterQueue(options.afterQueueLimit ?? AFTER_QUEUE_LIMIT)

  /** The same for all events of one type that came together. */
  let last: { readonly round: Round; readonly stage: HookStage; readonly target: string } | undefined

  function openRound(point: PointName, stage: HookStage, payload: Payload, scope: HookScope): Round {
    const { hookPath, signal } = scope.request
    freezePayload(payload)
    const target = targetOf(point, payload, scope)
    if (last?.round.scope === scope && last.stage === stage && last.target === target) return last.round
    const base = contextBase(point, stage, scope, [...hookPath, target], wall)
    const round = { point, scope, base, ...(signal === undefined || stage === 'after' ? {} : { signal }) }
    last = { round, stage, target }
    return round
  }

  /** Calls one hook behind its breaker. Throws when it failed and must not. */
  function ask(
    hook: RegisteredHook,
    payload: Payload,
    { base: common, signal }: Round,
    notes: HookNotes,
  ): Soon<HookReply> {
    const base = notes === NO_NOTES ? common : { ...common, notes }
    const { breaker, counters } = hook
    const pass = breaker?.enter()
    if (breaker !== undefined && pass === undefined) {
      counters.skipped += 1
      return { hook, outcome: { kind: 'skipped' } }
    }
    const startedAt = wall.now()
    counters.calls += 1
    const answer = runHook(hook, payload, base, wall, signal)
    return answer instanceof Promise ? answer.then(settle, giveUp) : settle(answer)

    function settle(outcome: Answer): HookReply {
      const tookMs = wall.now() - startedAt
      counters.totalMs += tookMs
      const isSlow = tookMs >= hook.slowMs
      if (isSlow) counters.slow += 1
      const result = outcome.kind === 'failed' ? 'failure' : isSlow ? 'slow' : 'success'
      if (pass !== undefined) breaker?.settle(pass, result)
      if (outcome.kind === 'failed') takeFailure(hook, base, outcome.error)
      return { hook, outcome }
    }
    function giveUp(reason: unknown): never {
      if (pass !== undefined) breaker?.settle(pass, 'void')
      throw reason
    }
  }

  function takeFailure(hook: RegisteredHook, base: ContextBase, error: HoldfastError): void {
    if (error.code === 'HOOK_TIMEOUT') hook.counters.timeouts += 1
    else hook.counters.failures += 1
    const refused = hook.onError === 'refuse'
    report(hook, base, error, refused)
    if (refused) throw error
  }

  function report(
    { name }: RegisteredHook,
    { point, stage }: Pick<ContextBase, 'point' | 'stage'>,
    error: HoldfastError,
    refused: boolean,
  ): void {
    try {
      options.onIncident?.({ hook: name, point, stage, error, refused })
    } catch {
      // Whoever listens to failures must not add to them.
    }
  }

  function afterEach<Point extends PointName>(
    point: Point,
    payloads: readonly PayloadByPoint[Point][],
    scope: HookScope,
  ): void {
    const registered = registry.at(point, 'after')
    const hooksFor = (payload: Payload) => registered.filter((hook) => hook.applies(payload, scope))
    const told = payloads.filter((payload) => registered.some((hook) => hook.applies(payload, scope)))
    for (const payload of told) freezePayload(payload)
    const queued = queue.push(told, (payload) => {
      const round = openRound(point, 'after', payload, scope)
      let notes = NO_NOTES
      return inTurn(hooksFor(payload), (hook) =>
        andThen(ask(hook, payload, round, notes), (reply) => {
          notes = withNote(notes, reply)
        }),
      )
    })
    for (const payload of told.slice(queued)) for (const hook of hooksFor(payload)) hook.counters.dropped += 1
  }

  return {
    has(point, stage) {
      return (stage === undefined ? HOOK_STAGES : [stage]).some((one) => registry.at(point, one).length > 0)
    },
    concerns: (point, stage, payload, scope) =>
      registry.at(point, stage).some((hook) => hook.when?.tags !== undefined || hook.applies(payload, scope)),
    before(point, payload, scope) {
      const { hookPath } = scope.request
      if (hookPath.length > 0) guardReentrance(targetOf(point, payload, scope), hookPath)
      const hooks = registry.at(point, 'before')
      if (hooks.length === 0) return { kind: 'go', payload, runs: [] }
      const round = openRound(point, 'before', payload, scope)
      const decision = askBeforeHooks(point, payload, hooks, {
        applies: (hook, input) => hook.applies(input, scope),
        ask: (hook, input, notes) => ask(hook, input, round, notes),
        onCancel: (hook, error) => report(hook, round.base, error, true),
      })
      return andThen(decision, ({ payload: final, replies, replaced }) =>
        andThen(
          recordRuns(point, replies, options),
          (runs): BeforeResult<typeof point> =>
            replaced === undefined
              ? { kind: 'go', payload: final, runs }
              : { kind: 'replace', result: replaced.result, payload: final, runs },
        ),
      )
    },
    record(point, payload, scope) {
      const hooks = registry.at(point, 'record')
      if (hooks.length === 0) return { payload, collected: [], runs: [] }
      const round = openRound(point, 'record', payload, scope)
      const shaped = shapeRecord(
        payload,
        hooks,
        (hook, input) => hook.applies(input, scope),
        (hook, input, notes) => ask(hook, input, round, notes),
      )
      return andThen(shaped, ({ payload: final, collected, replies }) =>
        andThen(recordRuns(point, replies, options), (runs) => ({ payload: final, collected, runs })),
      )
    },
    after: (point, payload, scope) => afterEach(point, [payload], scope),
    afterEach,
    drain(request) {
      const rest = request !== undefined && request.hookPath.length > 0 ? undefined : queue.drain()
      return rest && atMost(rest, DRAIN_MS, wall)
    },
  }
}
