import { type PreparedValue, prepareValue, rowsOfValue } from '../artifact/recorded-value.ts'
import type { HeadReader } from '../commit.ts'
import type { PayloadByPoint } from '../hook/definition.ts'
import type { BeforeResult, RecordResult } from '../hook/operation-hooks.ts'
import { clockOfId, type EventId, type RunId, sessionStream, timeOfId } from '../ids.ts'
import type { Request } from '../request.ts'
import { type KnownHead, requireHead, sessionHeadKey } from '../session/head.ts'
import { assertPermitted } from '../session/status.ts'
import { type EventFrame, makeEvent } from '../timeline/make-event.ts'
import { type Collecting, prepareCollecting } from './collecting.ts'
import type { StepDeps } from './deps.ts'
import { requireOwnership, runHeadKey } from './head.ts'
import { hookRan } from './hook-events.ts'
import type { StartStep, StepTicket } from './input.ts'
import type { OpenStep } from './open-step.ts'
import type { StepOrigin } from './origin.ts'
import { headsAfter, type Plan } from './plan.ts'
import { runRef } from './recording.ts'
import { type PreparedEnd, prepareEnd } from './step-end.ts'
import { type StepScope, stepScope } from './step-scope.ts'

/** What the run that a step belongs to says of it. */
export interface StepOfRun {
  readonly runId: RunId
  readonly epoch: number
  readonly attempt: number
  readonly inputHash: string
  readonly correlationId: EventFrame['correlationId']
  readonly causeId: EventId
}

/** A step's start, decided: what its caller gets, and what its end will need. */
export interface StartedStep {
  readonly ticket: StepTicket
  /** Absent where a hook answered, so that the step has ended already. */
  readonly open?: OpenStep
  readonly startedId: EventId
}

/**
 * Prepares the start of a step: before-hooks first, which may change the input, refuse the step or answer in its
 * stead; then record-hooks on what is to be written down.
 *
 * @throws HOOK_CANCELLED and the like; SESSION_NOT_FOUND
 */
export async function planStart(
  deps: StepDeps,
  request: Request,
  input: StartStep,
  { run, origin }: { readonly run?: StepOfRun; readonly origin?: StepOrigin } = {},
): Promise<Plan<StartedStep>> {
  const { clock, intake } = deps
  const { sessionId, purity, step, key = clock.nextId<string>() } = input
  const tool = origin?.tool === undefined ? {} : { tool: origin.tool }
  const scope = await stepScope(deps, request, sessionId, {
    ...(run === undefined
      ? {}
      : { correlationId: run.correlationId, causeId: request.causeId ?? run.causeId }),
    ...(origin === undefined ? {} : { origin }),
  })

  const asked: PayloadByPoint['step:run'] = {
    phase: 'started',
    step,
    key,
    ...tool,
    input: input.input,
    purity,
  }
  const passed = await askHooks(deps, asked, scope)
  const given = passed.kind === 'go' ? passed.payload.input : input.input
  const shaped = await shapeStart(deps, { ...asked, input: given }, scope)
  const known = {
    sessionId,
    step,
    key,
    ...tool,
    purity,
    attempt: run?.attempt ?? 1,
    input: shaped.payload.input,
    ...(run === undefined ? {} : { runId: run.runId }),
  }
  const prepared = await prepareParts()

  /** What was prepared first is given up when the next fails. */
  async function prepareParts() {
    const parts: { value?: PreparedValue; collecting?: Collecting; end?: PreparedEnd } = {}
    try {
      const value = await prepareValue(intake, shaped.payload.input, request.signal)
      parts.value = value
      const collecting = await prepareCollecting(deps, scope, shaped.collected)
      parts.collecting = collecting
      if (passed.kind === 'go') return { value, collecting, end: undefined }
      return {
        value,
        collecting,
        end: await prepareEnd(deps, scope, known, { ok: true, value: passed.result }),
      }
    } catch (error) {
      await abandonParts(parts)
      throw error
    }
  }

  async function abandonParts(parts: {
    value?: PreparedValue
    collecting?: Collecting
    end?: PreparedEnd | undefined
  }) {
    if (parts.value?.content !== undefined) await intake.abandon(parts.value.content)
    await parts.collecting?.abandon()
    await parts.end?.abandon()
  }

  function ticketOf(startedId: EventId, frame: EventFrame): StepTicket {
    if (passed.kind === 'replace') return { state: 'done', result: passed.result }
    return {
      state: 'run',
      startedId,
      key,
      attempt: known.attempt,
      correlationId: frame.correlationId,
      input: given,
      startedAt: startTime(startedId, origin),
    }
  }

  const { value, collecting, end } = prepared
  return {
    durability: purity === 'effect' || end !== undefined ? 'strict' : 'relaxed',
    heads: [
      sessionHeadKey(sessionId),
      ...(run === undefined ? [] : [runHeadKey(run.runId)]),
      ...collecting.heads,
      ...(end?.heads ?? []),
    ],
    decide(heads) {
      const head = permit(heads, sessionId, run)
      clock.observe(clockOfId(head.revision), 'database')
      const startedId = clock.nextId<EventId>()
      const cause = origin?.cause?.()
      const frame: EventFrame = {
        ...scope.frame,
        correlationId: scope.frame.correlationId ?? head.correlationId,
        ...(cause === undefined ? {} : { causeId: cause }),
      }
      const byStart: EventFrame = { ...frame, causeId: startedId }
      const data = {
        step,
        key,
        purity,
        attempt: known.attempt,
        input: value.recorded,
        ...tool,
        ...(run === undefined ? {} : { runId: run.runId, inputHash: run.inputHash }),
      }
      const artifacts = collecting.decide(heads, byStart)
      // Built in this order, because each takes its clock when it is built.
      const events = [
        makeEvent(startedId, 'step.started', data, frame),
        ...artifacts.events,
        ...hookRan(clock, 'step:run', 'before', passed.runs, byStart),
        ...hookRan(clock, 'step:run', 'record', shaped.runs, byStart),
        ...hookRan(clock, 'artifact:store', 'before', collecting.runs, byStart),
      ]
      const ended = end?.decide(headsAfter(heads, artifacts.heads), startedId, frame)
      const open = {
        ...known,
        startedId,
        correlationId: frame.correlationId,
        startedAt: startTime(startedId, origin),
      }
      return {
        result: { ticket: ticketOf(startedId, frame), startedId, ...(end === undefined ? { open } : {}) },
        resultId: startedId,
        writes: [
          {
            stream: sessionStream(sessionId),
            events: [...events, ...(ended?.events ?? [])],
            ...(run === undefined ? {} : { refs: [runRef(run.runId)] }),
          },
        ],
        heads: [...artifacts.heads, ...(ended?.heads ?? [])],
        rows: [...rowsOfValue(value), ...artifacts.rows, ...(ended?.rows ?? [])],
      }
    },
    stored() {
      collecting.stored()
      end?.stored()
    },
    abandon: () => abandonParts(prepared),
  }
}

/** Both ends of a step look at the same heads: the session takes steps, and the run is still this worker's. */
export function permit(
  heads: HeadReader,
  sessionId: StartStep['sessionId'],
  run: { readonly runId: RunId; readonly epoch?: number } | undefined,
): KnownHead {
  const head = requireHead(heads, sessionId)
  assertPermitted(head, 'step')
  if (run !== undefined) requireOwnership(heads, run.runId, run.epoch)
  return head
}

function startTime(startedId: EventId, origin: StepOrigin | undefined): number {
  return origin?.at ?? timeOfId(startedId)
}

type Draft = PayloadByPoint['step:run']

function askHooks(
  { hooks }: Pick<StepDeps, 'hooks'>,
  draft: Draft,
  scope: StepScope,
): BeforeResult<'step:run'> | Promise<BeforeResult<'step:run'>> {
  return scope.hooks ? hooks.before('step:run', draft, scope.hooks) : { kind: 'go', payload: draft, runs: [] }
}

function shapeStart(
  { hooks }: Pick<StepDeps, 'hooks'>,
  draft: Draft,
  scope: StepScope,
): RecordResult<'step:run'> | Promise<RecordResult<'step:run'>> {
  return scope.hooks
    ? hooks.record('step:run', draft, scope.hooks)
    : { payload: draft, collected: [], runs: [] }
}
