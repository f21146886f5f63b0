import { createError } from '../errors.ts'
import type { CorrelationId, EventId, SessionId } from '../ids.ts'
import { cleanTextOf, cutText } from './cut-text.ts'
import { defineHook } from './define-hook.ts'
import type { HookContext, HookDefinition, PayloadByPoint } from './definition.ts'
import type { HookIncident } from './executor.ts'
import { type HookStage, overlap, POINT_NAMES, type PointName, stageOf } from './points.ts'
import type { Redactor } from './redactor.ts'

/** UTF-16 code units of an entry's text unless told otherwise. */
export const TRACE_MAX_LENGTH = 4_096

/** One moment of one operation, for whoever looks for what happens in which order and how long it takes. */
export interface TraceEntry {
  readonly point: PointName
  /** `record`: about to be written down. `after`: stored. `before`, too, for a hook that said no or failed. */
  readonly stage: HookStage
  /** Milliseconds since 1970; absent where a hook said no or failed. */
  readonly time?: number
  /** Milliseconds since its call reached the worker, or since the step started; absent where that is not known. */
  readonly ms?: number
  /** How many hooks it is nested in. */
  readonly depth?: number
  readonly sessionId?: SessionId
  readonly correlationId?: CorrelationId
  readonly causeId?: EventId
  /** The payload as JSON, or what a hook did wrong. */
  readonly text: string
  /** Of a hook that said no or failed: `id@version`, and where it failed. */
  readonly hook?: string
  readonly stack?: string
}

export interface TraceOptions {
  /** Where entries go. What it throws is ignored. */
  readonly sink: (entry: TraceEntry) => void
  /** @defaultValue all points */
  readonly points?: readonly PointName[]
  /** Milliseconds: operations that took less are left out; hooks that failed never are. @defaultValue 0 */
  readonly minMs?: number
  /** Longest text and stack, in UTF-16 code units. @defaultValue 4,096 */
  readonly maxLength?: number
  /** Takes secrets out of text and stack. */
  readonly redactor?: Redactor
}

/**
 * Tells of every operation as it is written down and when it is stored, and of every hook that said no or failed.
 *
 * @throws INVALID_ARGUMENT for a `maxLength` below 1 or a `minMs` below 0.
 */
export function createTrace(options: TraceOptions) {
  const { sink, points = POINT_NAMES, minMs = 0, maxLength = TRACE_MAX_LENGTH, redactor } = options
  if (!(maxLength >= 1)) throw invalid('maxLength', 'must be a number from 1')
  if (!(minMs >= 0)) throw invalid('minMs', 'must be a number from 0')
  const clean = async (text: string) => cutText(String(await (redactor?.redact(text) ?? text)), maxLength)

  async function trace(payload: PayloadByPoint[PointName], context: HookContext): Promise<undefined> {
    if (context.replay) return
    const { point, stage, depth, sessionId, correlationId, causeId } = context
    const time = context.now()
    const startedAt = ('phase' in payload ? payload.startedAt : undefined) ?? context.startedAt
    const ms = startedAt === undefined ? undefined : time - startedAt
    if ((ms ?? 0) < minMs) return
    const text = cutText(await cleanTextOf({ ...payload, session: undefined }, redactor), maxLength)
    const known = { ms, sessionId, correlationId, causeId }
    tell({ point, stage, time, depth, ...withoutUndefined(known), text })
  }

  function tell(entry: TraceEntry): void {
    try {
      sink(entry)
    } catch {
      // Whoever looks on must not change what happens.
    }
  }

  const stages = ['record', 'after'] as const
  const hooks = points.flatMap((point) =>
    stages
      .filter((stage) => stageOf(point, stage) !== undefined)
      .map(
        (stage): HookDefinition =>
          defineHook({
            id: 'trace',
            version: 1,
            point,
            stage,
            // What redaction and all others left is what is written down.
            priority: Number.MAX_SAFE_INTEGER,
            onError: 'ignore',
            replayable: false,
            run: (payload, context) => {
              void trace(payload, context).catch(() => undefined)
              return undefined
            },
          }) as HookDefinition,
      ),
  )
  return {
    hooks,
    onIncident({ hook, point, stage, error }: HookIncident): void {
      if (!points.some((known) => overlap(known, point))) return
      const { stack = '' } = error.cause instanceof Error ? error.cause : error
      void Promise.all([clean(error.message), clean(stack)]).then(([text, cut]) =>
        tell({ point, stage, hook, text, stack: cut }),
      )
    },
  }
}

function withoutUndefined<Fields extends object>(fields: Fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]?: Exclude<Fields[Name], undefined>
  }
}

function invalid(path: string, reason: string): Error {
  return createError('INVALID_ARGUMENT', `The trace's ${path} ${reason}.`, { path })
}
