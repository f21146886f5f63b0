import type { WallClock } from '../ports.ts'
import type { HookRunRecord } from '../timeline/catalog.ts'
import type { ContextBase } from './context.ts'
import type { Collected, HookContext, HookDefinition, PayloadByPoint } from './definition.ts'
import { freezePayload } from './freeze-payload.ts'
import { andThen, type Soon } from './in-turn.ts'
import { type HookNotes, NO_NOTES, withNote } from './notes.ts'
import type { PointName } from './points.ts'
import { shapeRecord } from './record-hooks.ts'
import { HOOK_TIMEOUT_MS } from './registered-hook.ts'
import type { HookReply } from './reply.ts'
import { runHook } from './run-hook.ts'
import { type RecordOptions, recordRun } from './run-records.ts'

/** A hook that replay found by its `id@version`: a definition, or a registered hook. */
export type RerunnableHook<Point extends PointName = PointName> = Pick<
  HookDefinition<Point>,
  'id' | 'version' | 'point' | 'stage' | 'timeoutMs' | 'run'
>

/** What the hook was told, as far as it was recorded. */
export type ReplayContext = Omit<
  HookContext,
  'point' | 'stage' | 'depth' | 'hookPath' | 'signal' | 'replay' | 'notes'
>

/** As the executor's, so that the same answer gives the same record. */
export interface RerunOptions extends RecordOptions {
  readonly wall: WallClock
}

/**
 * Runs a recorded hook again on a recorded payload, for exact replay to compare with what was recorded. The hook is
 * told that this is a replay; nothing is refused, counted or stored here. A before-hook's recorded answer belongs to
 * the final input, a record-hook's to the payload as the hooks before it left it ({@link rerunRecordHooks}).
 */
export async function rerunHook<Point extends PointName>(
  hook: RerunnableHook<Point>,
  payload: PayloadByPoint[Point],
  context: ReplayContext,
  options: RerunOptions,
): Promise<HookRunRecord> {
  return recordRun(await askAgain(hook, freezePayload(payload), NO_NOTES, context, options), options)
}

/** Runs the recorded before-hooks of one operation again on its final input, each with what the ones before it noted. */
export async function rerunBeforeHooks<Point extends PointName>(
  hooks: readonly RerunnableHook<Point>[],
  payload: PayloadByPoint[Point],
  context: ReplayContext,
  options: RerunOptions,
): Promise<readonly HookRunRecord[]> {
  const input = freezePayload(payload)
  const runs: HookRunRecord[] = []
  let notes = NO_NOTES
  for (const hook of hooks) {
    const reply = await askAgain(hook, input, notes, context, options)
    notes = withNote(notes, reply)
    runs.push(await recordRun(reply, options))
  }
  return runs
}

/** What record-hooks made of a payload in a replay. */
export interface RerunRecord<Point extends PointName> {
  readonly payload: PayloadByPoint[Point]
  readonly collected: readonly Collected[]
  readonly runs: readonly HookRunRecord[]
}

/** Runs the recorded record-hooks of one operation again, in the recorded order, each on what the one before left. */
export async function rerunRecordHooks<Point extends PointName>(
  hooks: readonly RerunnableHook<Point>[],
  payload: PayloadByPoint[Point],
  context: ReplayContext,
  options: RerunOptions,
): Promise<RerunRecord<Point>> {
  const shaped = await shapeRecord(
    freezePayload(payload),
    hooks,
    () => true,
    (hook, input, notes) => askAgain(hook, input, notes, context, options),
  )
  const runs = await Promise.all(shaped.replies.map((reply) => recordRun(reply, options)))
  return { payload: shaped.payload, collected: shaped.collected, runs }
}

function askAgain<Point extends PointName>(
  hook: RerunnableHook<Point>,
  payload: PayloadByPoint[Point],
  notes: HookNotes,
  context: ReplayContext,
  { wall }: RerunOptions,
): Soon<HookReply> {
  const { id, version, point, stage, timeoutMs = HOOK_TIMEOUT_MS } = hook
  const base: ContextBase = { ...context, point, stage, depth: 0, hookPath: [], notes, replay: true }
  const runnable = {
    id,
    version,
    point,
    stage,
    timeoutMs,
    onError: 'ignore',
    run: hook.run.bind(hook),
  } as const
  return andThen(runHook(runnable, payload, base, wall), (outcome) => ({
    hook: { id, version, name: `${id}@${version}`, replayable: true },
    outcome,
  }))
}
