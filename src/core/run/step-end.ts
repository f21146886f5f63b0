/**
 * The end of a step: record-hooks shape what is written down and add to it, large values are taken in, and all of it
 * lands in one commit.
 */
import { type PreparedValue, prepareValue, rowsOfValue } from '../artifact/recorded-value.ts'
import type { HeadKey, HeadReader, HeadWrite, RowChange } from '../commit.ts'
import type { PayloadByPoint, StepDraft } from '../hook/definition.ts'
import type { RecordResult } from '../hook/operation-hooks.ts'
import type { EventId } from '../ids.ts'
import type { StateValue } from '../state/value.ts'
import type { EventDataByType } from '../timeline/catalog.ts'
import type { StoredEvent } from '../timeline/event.ts'
import { type EventFrame, makeEvent } from '../timeline/make-event.ts'
import { prepareCollecting } from './collecting.ts'
import type { StepDeps } from './deps.ts'
import { hookRan } from './hook-events.ts'
import type { StepOutcome } from './input.ts'
import type { OpenStep } from './open-step.ts'
import type { StepOrigin } from './origin.ts'
import { shapeValue } from './shape-value.ts'
import type { StepScope } from './step-scope.ts'

/** An end that is ready for the decision of the commit that stores it. */
export interface PreparedEnd {
  readonly heads: readonly HeadKey[]
  decide(heads: HeadReader, startedId: EventId, frame: EventFrame): DecidedEnd
  stored(): void
  abandon(): Promise<void>
}

export interface DecidedEnd {
  readonly events: readonly StoredEvent[]
  readonly heads: readonly HeadWrite[]
  readonly rows: readonly RowChange[]
}

/** A step that a hook answered has no time of its own yet. */
export type EndingStep = Omit<OpenStep, 'startedId' | 'correlationId' | 'startedAt'> &
  Partial<Pick<OpenStep, 'startedAt'>>

/** @throws what a record-hook that must not fail throws; what taking in large values throws. Nothing is left behind then. */
export async function prepareEnd(
  deps: Pick<StepDeps, 'clock' | 'hooks' | 'intake'>,
  scope: StepScope,
  step: EndingStep,
  outcome: StepOutcome,
  rest?: StepOrigin['rest'],
): Promise<PreparedEnd> {
  const { clock, hooks, intake } = deps
  const shaped = await shapeEnd(deps, draftOf(step, outcome), scope)
  const values = await prepareValues(shaped.payload.result)
  const collecting = await prepareCollecting(deps, scope, shaped.collected).catch(async (error: unknown) => {
    await abandonValues(values)
    throw error
  })

  async function prepareValues(result: StateValue | undefined): Promise<PreparedValues> {
    const signal = scope.request.signal
    const prepared: { -readonly [Name in keyof PreparedValues]: PreparedValues[Name] } = {}
    try {
      if (result !== undefined) prepared.result = await prepareValue(intake, result, signal)
      if (rest !== undefined) prepared.source = await prepareValue(intake, await shapeRest(rest), signal)
      return prepared
    } catch (error) {
      await abandonValues(prepared)
      throw error
    }
  }

  function shapeRest(value: StateValue): Promise<StateValue> | StateValue {
    if (scope.hooks === undefined) return value
    return shapeValue(hooks, outcome.ok ? 'step.completed' : 'step.failed', value, scope.hooks)
  }

  async function abandonValues({ result, source }: PreparedValues): Promise<void> {
    if (result?.content !== undefined) await intake.abandon(result.content)
    if (source?.content !== undefined) await intake.abandon(source.content)
  }

  return {
    heads: collecting.heads,
    decide(heads, startedId, frame) {
      const endId = clock.nextId<EventId>()
      const byStart: EventFrame = { ...frame, causeId: startedId }
      const byEnd: EventFrame = { ...frame, causeId: endId }
      const artifacts = collecting.decide(heads, byStart)
      const facts = {
        startedId,
        artifactIds: artifacts.records.map((record) => record.id),
        ...(step.runId === undefined ? {} : { runId: step.runId }),
        ...(outcome.usage === undefined ? {} : { usage: outcome.usage }),
        ...(values.source === undefined ? {} : { source: values.source.recorded }),
      }
      return {
        events: [
          endEvent(endId, byStart, shaped.payload, outcome, values, facts),
          ...artifacts.events,
          ...hookRan(clock, 'step:run', 'record', shaped.runs, byEnd),
          ...hookRan(clock, 'artifact:store', 'before', collecting.runs, byEnd),
        ],
        heads: artifacts.heads,
        rows: [...artifacts.rows, ...Object.values(values).flatMap(rowsOfValue)],
      }
    },
    stored() {
      if (scope.hooks) hooks.after('step:run', shaped.payload, scope.hooks)
      collecting.stored()
    },
    async abandon() {
      await abandonValues(values)
      await collecting.abandon()
    },
  }
}

interface PreparedValues {
  readonly result?: PreparedValue
  readonly source?: PreparedValue
}

type Draft = PayloadByPoint['step:run']

function draftOf(step: EndingStep, outcome: StepOutcome): Draft {
  return {
    phase: outcome.ok ? 'completed' : 'failed',
    step: step.step,
    key: step.key,
    ...(step.tool === undefined ? {} : { tool: step.tool }),
    ...(step.startedAt === undefined ? {} : { startedAt: step.startedAt }),
    input: step.input,
    ...(outcome.ok ? { result: outcome.value } : { error: outcome.error }),
    purity: step.purity,
  }
}

function shapeEnd(
  { hooks }: Pick<StepDeps, 'hooks'>,
  draft: Draft,
  scope: StepScope,
): RecordResult<'step:run'> | Promise<RecordResult<'step:run'>> {
  return scope.hooks
    ? hooks.record('step:run', draft, scope.hooks)
    : { payload: draft, collected: [], runs: [] }
}

function endEvent(
  id: EventId,
  frame: EventFrame,
  { step, key, error }: StepDraft,
  outcome: StepOutcome,
  values: PreparedValues,
  facts: Omit<EventDataByType['step.failed'], 'step' | 'key' | 'error'>,
): StoredEvent {
  if (outcome.ok) {
    const result = values.result?.recorded ?? { inline: null }
    return makeEvent(id, 'step.completed', { step, key, ...facts, result }, frame)
  }
  // Hooks see name, message and stack; the code says nothing that could be secret.
  const { code } = outcome.error
  const told = { ...(error ?? outcome.error), ...(code === undefined ? {} : { code }) }
  const limit = outcome.limit === undefined ? {} : { limit: outcome.limit }
  return makeEvent(id, 'step.failed', { step, key, ...facts, error: told, ...limit }, frame)
}
