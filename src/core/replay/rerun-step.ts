import { isHoldfastError } from '../errors.ts'
import { type ReplayContext, type RerunnableHook, rerunBeforeHooks, rerunRecordHooks } from '../hook/rerun.ts'
import type { ThrownError } from '../run/input.ts'
import type { StateValue } from '../state/value.ts'
import type { HookRunRecord } from '../timeline/catalog.ts'
import { compareValues, type Difference, toldValue } from './comparator.ts'
import { compareEnds, type Draft, type EndedStep, type Performed } from './compare-ends.ts'
import type { CompareRules } from './compare-rules.ts'
import type { ReplayStep, RerunDeps } from './definitions.ts'
import type { RecordedHooks } from './frames.ts'
import type { Modified } from './modifications.ts'
import type { ReplayPlan } from './replay-input.ts'
import type { Divergence } from './report.ts'
import { SEVERITIES } from './severity.ts'

/** What came of running one step and its hooks again. */
export interface StepAgain {
  readonly divergences: readonly Divergence[]
  /** Hooks that were run again. */
  readonly hooks: number
  readonly missingHooks: readonly string[]
  /** What was changed in the input. */
  readonly modified: readonly Modified[]
}

export async function rerunStep(
  deps: RerunDeps,
  { modifying, rules }: Pick<ReplayPlan, 'modifying' | 'rules'>,
  frame: EndedStep,
  definition: ReplayStep,
  signal: AbortSignal | undefined,
): Promise<StepAgain> {
  const { start, end } = frame
  const { step, key, tool, purity } = start.data
  const { input, modified } = modifying.apply({ step, key }, await deps.readValue(start.data.input))
  const outcome = await perform(definition, input, { key, startedAt: start.time, ...(signal && { signal }) })
  const common = { step, key, ...(tool === undefined ? {} : { tool }), input, purity }
  const ended = { startedAt: start.time, ...asRecorded(outcome, end) }
  const phase = 'result' in outcome ? 'completed' : 'failed'
  const atStart = await rerunHooks(
    deps,
    frame.startHooks,
    { phase: 'started', ...common },
    contextOf(frame, 'start'),
    rules,
  )
  const atEnd = await rerunHooks(
    deps,
    frame.endHooks,
    { phase, ...common, ...ended },
    contextOf(frame, 'end'),
    rules,
  )
  const differences = await compareEnds(deps, end, atEnd.draft, outcome, rules)
  return {
    divergences: [
      ...atStart.divergences,
      ...differences.map((difference) => divergence('step', step, end.id, key, difference)),
      ...atEnd.divergences,
    ],
    hooks: atStart.count + atEnd.count,
    missingHooks: [...atStart.missing, ...atEnd.missing],
    modified,
  }
}

/** Runs the body. What it throws is an outcome; that nobody could run it is not. */
async function perform(
  definition: ReplayStep,
  input: StateValue,
  again: Parameters<ReplayStep['run']>[1],
): Promise<Performed> {
  try {
    return { result: await definition.run(input, again) }
  } catch (error) {
    again.signal?.throwIfAborted()
    if (isHoldfastError(error) && UNREACHABLE.has(error.code)) throw error
    return { error: toThrown(error) }
  }
}

/** The page that has the body has left, or does not answer. */
const UNREACHABLE: ReadonlySet<string> = new Set(['CLOSED', 'DEADLINE', 'OUTCOME_UNKNOWN'])

function toThrown(error: unknown): ThrownError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message } = error
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
  return { name, message, ...code }
}

/** A stack says where the code stood and not what it did, so hooks meet the recorded one. */
function asRecorded(outcome: Performed, end: EndedStep['end']): Performed {
  if ('result' in outcome || end.type === 'step.completed') return outcome
  const { error } = end.data
  return 'stack' in error && error.stack !== undefined
    ? { error: { ...outcome.error, stack: error.stack } }
    : outcome
}

interface HooksAgain {
  /** As the hooks left it. */
  readonly draft: Draft
  readonly divergences: readonly Divergence[]
  readonly count: number
  readonly missing: readonly string[]
}

async function rerunHooks(
  deps: RerunDeps,
  recorded: readonly RecordedHooks[],
  draft: Draft,
  context: ReplayContext,
  rules: CompareRules,
): Promise<HooksAgain> {
  let shaped = draft
  let count = 0
  const divergences: Divergence[] = []
  const missing: string[] = []
  for (const { eventId, stage, runs } of recorded) {
    // A hook that was left out or failed had no part in what was recorded.
    const effective = runs.filter(({ outcome }) => outcome !== 'skipped' && outcome !== 'failed')
    const found = effective.flatMap((run) => {
      const hook = deps.findHook(run.hook, stage)
      if (hook === undefined) missing.push(run.hook)
      return hook === undefined ? [] : [{ run, hook }]
    })
    const again = await runAgain(
      deps,
      stage,
      found.map(({ hook }) => hook),
      shaped,
      context,
    )
    shaped = again.draft
    count += found.length
    for (const [at, { run }] of found.entries()) {
      const [expected, got] = [substanceOf(run), substanceOf(await redacted(deps, again.runs[at]), run)]
      const differences = compareValues(expected, got, rules).toSorted(bySeverity)
      // The digest of another outcome is another one.
      const worst = differences.find(({ path }) => path === 'outcome') ?? differences[0]
      if (worst === undefined) continue
      const severity = worst.path === 'outcome' ? rules.severityOf('outcome', 'critical') : worst.severity
      const whole = { path: '', expected, got, severity }
      divergences.push(divergence('hook', run.hook, eventId, draft.key, whole))
    }
  }
  return { draft: shaped, divergences, count, missing }
}

async function runAgain(
  { rerun }: RerunDeps,
  stage: RecordedHooks['stage'],
  hooks: readonly RerunnableHook<'step:run'>[],
  draft: Draft,
  context: ReplayContext,
): Promise<{ readonly draft: Draft; readonly runs: readonly HookRunRecord[] }> {
  if (stage === 'record') {
    const { payload, runs } = await rerunRecordHooks(hooks, draft, context, rerun)
    return { draft: payload, runs }
  }
  // A before-hook's recorded answer belongs to the final input, which is the recorded one.
  return { draft, runs: await rerunBeforeHooks(hooks, draft, context, rerun) }
}

/**
 * What a hook did. That it changed the input before is known of the first time only. A recording may lack digests, where
 * they would tell of a secret: then they are not compared.
 *
 * @param recorded what it is compared with
 */
function substanceOf(run: HookRunRecord | undefined, recorded: HookRunRecord | undefined = run): StateValue {
  if (run === undefined) return null
  const { outcome, digest, note } = run
  const isUntold = recorded?.digest === undefined && recorded?.outcome === outcome
  return {
    outcome,
    ...(digest === undefined || isUntold ? {} : { digest }),
    ...(note === undefined ? {} : { note }),
  }
}

async function redacted(
  { redact }: RerunDeps,
  run: HookRunRecord | undefined,
): Promise<HookRunRecord | undefined> {
  if (redact === undefined || run?.note === undefined) return run
  return { ...run, note: await redact(run.note) }
}

function bySeverity(a: Difference, b: Difference): number {
  return SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity)
}

export function isInputWhole(hooks: readonly RecordedHooks[]): boolean {
  return hooks.every(
    ({ stage, runs }) => stage !== 'record' || runs.every(({ outcome }) => outcome !== 'modify'),
  )
}

function contextOf({ start, end, startSession, endSession }: EndedStep, at: 'start' | 'end'): ReplayContext {
  const session = at === 'start' ? startSession : endSession
  const { sessionId, correlationId, actor, time } = at === 'start' ? start : end
  const causeId = at === 'start' ? start.causeId : start.id
  return {
    correlationId,
    ...(session === undefined ? {} : { session }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(causeId === undefined ? {} : { causeId }),
    ...(actor === undefined ? {} : { actor }),
    now: () => time,
  }
}

function divergence(
  kind: Divergence['kind'],
  subject: string,
  eventId: Divergence['eventId'],
  key: string,
  { path, expected, got, severity }: Difference,
): Divergence {
  return { kind, subject, eventId, key, path, expected: toldValue(expected), got: toldValue(got), severity }
}
