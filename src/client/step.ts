import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type Prices, priced } from '../core/app/prices.ts'
import { stepName } from '../core/app/step-definition.ts'
import { createError } from '../core/errors.ts'
import type { RunId, SessionId } from '../core/ids.ts'
import type { StepCodec } from '../core/run/codec.ts'
import type { FinishStep, StepTicket } from '../core/run/input.ts'
import type { StepKeys } from '../core/run/keys.ts'
import type { Purity } from '../core/run/record.ts'
import { createSeeded } from '../core/run/seeded.ts'
import { decodeStepValue, encodeStepValue } from '../core/run/value.ts'
import { nothingUsed } from '../core/session/counters.ts'
import type { Usage } from '../core/session/record.ts'
import { checkSchema } from '../core/state/schema.ts'
import type { StateValue } from '../core/state/value.ts'
import { unlessAborted } from '../core/unless-aborted.ts'
import type { StepAsk } from '../protocol/messages.ts'
import { errorFromData, toForeignError } from '../protocol/wire-error.ts'
import type { Caller } from './caller.ts'
import type { Frame } from './request.ts'
import type { AnyPageStep, RunStep, Session, StepContext, StepOptions } from './session-handle.ts'
import type { Stream } from './shared-stream.ts'
import type { WorkSignal } from './work-signal.ts'

/** Where steps run: a session, or a run in it, and on whose behalf. */
export interface StepPlace {
  readonly sessionId: SessionId
  readonly caller: Caller
  readonly work: WorkSignal
  readonly stream: Pick<Stream, 'record' | 'subscribe'>
  /** A handle of the session that acts on somebody else's behalf. */
  bind(frame: Frame): Session
  readonly run?: { readonly runId: RunId; readonly epoch: number; readonly keys: StepKeys }
  readonly prices?: Prices | undefined
}

export function createRunStep(place: StepPlace): RunStep {
  return (async (step: AnyPageStep | string, input: unknown, third?: unknown, fourth?: StepOptions) => {
    if (typeof step !== 'string') return runStep(place, step, input, third as StepOptions | undefined)
    const inline = { id: step, version: 0, purity: 'effect' as Purity, run: third as AnyPageStep['run'] }
    return runStep(place, inline, input, fourth)
  }) as RunStep
}

async function runStep(
  at: StepPlace,
  step: AnyPageStep,
  input: unknown,
  options: StepOptions = {},
): Promise<unknown> {
  const place = { ...at, caller: at.caller.now() }
  const { sessionId, caller } = place
  const name = stepName(step)
  const key = keyOf(place, name, options)
  const encoded = await encodeStepValue(parse(step, input))
  const ticket = await caller.call(
    'steps.start',
    {
      sessionId,
      step: name,
      purity: step.purity,
      input: encoded,
      ...runOf(place),
      ...(key !== undefined && { key }),
    },
    { signal: options.signal, deadlineMs: options.deadlineMs },
  )
  if (ticket.state === 'done') return decodeStepValue(ticket.result, codecOf(step))
  if (ticket.state === 'failed') throw stepFailed(name, errorFromData(ticket.error))

  const { outcome, value, error } = await performInTime(place, step, ticket, options)
  const { result } = await caller.call(
    'steps.finish',
    { sessionId, startedId: ticket.startedId, ...runOf(place), outcome },
    { deadlineMs: options.deadlineMs },
  )
  if (!outcome.ok) throw stepFailed(name, error)
  // null: recorded as it is. Else a hook changed what is recorded, and later calls will get that.
  return result === null ? value : decodeStepValue(result, codecOf(step))
}

/** In call order where the caller gives no key, which a body must therefore keep to. */
function keyOf({ run }: StepPlace, name: string, { key }: StepOptions): string | undefined {
  if (run === undefined) return key
  return key === undefined ? run.keys.next(name) : run.keys.named(name, key)
}

function runOf({ run }: StepPlace): { readonly runId?: RunId; readonly epoch?: number } {
  return run === undefined ? {} : { runId: run.runId, epoch: run.epoch }
}

/** @throws LIMIT_EXCEEDED when the session's time is over: what the body gives later is dropped */
async function performInTime(
  place: StepPlace,
  step: AnyPageStep,
  ticket: Running,
  options: StepOptions,
): Promise<Performed> {
  const { sessionId, caller, stream } = place
  const used: Used = {}
  const stopping = new AbortController()
  const { signal } = stopping
  let watching: Promise<() => void> | undefined
  const watch = () => {
    if (stream.record?.limits?.maxDurationMs === undefined) return
    // Few sessions have such a limit. A page that cannot load this hears of it when it ends its step.
    watching ??= import('./session-time.ts').then(({ watchSessionTime }) =>
      watchSessionTime(stream, stopping, () =>
        caller.call('steps.expire', {
          sessionId,
          startedId: ticket.startedId,
          ...runOf(place),
          ...usageOf(used),
        }),
      ),
    )
  }
  const stop = stream.subscribe(watch)
  watch()
  try {
    return await unlessAborted(perform(place, step, ticket, options, used, signal), signal)
  } finally {
    stop()
    watching?.then(
      (end) => end(),
      () => {},
    )
  }
}

type Running = StepTicket & { readonly state: 'run' }
type Used = Partial<Record<keyof Usage, number>>

function usageOf(used: Used): { readonly usage?: Partial<Usage> } {
  return Object.keys(used).length > 0 ? { usage: { ...used } } : {}
}

interface Performed {
  readonly outcome: FinishStep['outcome']
  readonly value?: unknown
  readonly error?: unknown
}

async function perform(
  place: StepPlace,
  step: AnyPageStep,
  ticket: Running,
  options: StepOptions,
  used: Used,
  stopped: AbortSignal,
): Promise<Performed> {
  const { startedId, correlationId, key, attempt, startedAt } = ticket
  const frame = { ...place.caller.frame, cause: { correlationId, causeId: startedId } }
  const context: StepContext = {
    ...createSeeded(key, startedAt),
    key,
    attempt,
    signal: AbortSignal.any([place.work.signal, stopped, ...(options.signal ? [options.signal] : [])]),
    get session() {
      return place.bind(frame)
    },
    progress: (loaded, total) => options.onProgress?.(loaded, total ?? null),
    usage: (more) => {
      for (const [name, amount] of amountsOf(priced(place.prices, more)))
        used[name] = (used[name] ?? 0) + amount
    },
  }
  try {
    const value = await step.run(decodeStepValue(ticket.input), context)
    const encoded = await encodeStepValue(value, codecOf(step))
    return { value, outcome: { ok: true, value: encoded, ...usageOf(used) } }
  } catch (error) {
    // What was used was paid, whatever came of it.
    return { error, outcome: { ok: false, error: toForeignError(error), ...usageOf(used) } }
  }
}

/** Told where it is said: at its end the step would lose its result for it. */
function amountsOf(usage: Partial<Usage>): readonly (readonly [keyof Usage, number])[] {
  const given = Object.entries(usage) as [keyof Usage, number | undefined][]
  return given.flatMap(([name, amount]) => {
    if (amount === undefined) return []
    if (name in nothingUsed() && Number.isFinite(amount) && amount >= 0) return [[name, amount] as const]
    throw createError(
      'INVALID_ARGUMENT',
      `A step's usage.${name} cannot be ${amount}; give a number from 0.`,
      {
        path: `usage.${name}`,
      },
    )
  })
}

/** Runs a step's body again, for a replay: on the recorded input, with the recorded clock and seed. Stores nothing. */
export async function rerunStep(
  step: AnyPageStep,
  { input, key, startedAt }: StepAsk,
  session: Session,
  signal: AbortSignal,
): Promise<StateValue> {
  const context: StepContext = {
    ...createSeeded(key, startedAt),
    key,
    attempt: 1,
    signal,
    session,
    progress: () => {},
    usage: () => {},
  }
  return encodeStepValue(await step.run(decodeStepValue(input), context), codecOf(step))
}

function parse(step: AnyPageStep, input: unknown): unknown {
  const schema: StandardSchemaV1 | undefined = step.input
  return schema === undefined ? input : checkSchema(schema, input, `step ${stepName(step)}`)
}

function codecOf({ codec }: AnyPageStep): StepCodec | undefined {
  return codec
}

function stepFailed(name: string, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause)
  return createError('STEP_FAILED', `Step ${name} failed: ${why}`, { step: name }, cause)
}
