import { createError } from '../errors.ts'
import type { CorrelationId, SessionId } from '../ids.ts'
import { cleanTextOf, cutText } from './cut-text.ts'
import { defineHook } from './define-hook.ts'
import type { HookContext, HookDefinition, PayloadByPoint } from './definition.ts'
import type { HookIncident } from './executor.ts'
import { overlap, POINT_NAMES, type PointName } from './points.ts'
import type { Redactor } from './redactor.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** UTF-16 code units of an entry's text unless told otherwise. */
export const LOG_MAX_LENGTH = 1_024

export interface LogEntry {
  readonly level: LogLevel
  readonly point: PointName
  /** Milliseconds since 1970; absent for what is said of a hook. */
  readonly time?: number
  readonly sessionId?: SessionId
  readonly correlationId?: CorrelationId
  /** The payload as JSON, or what a hook did wrong. */
  readonly text: string
}

export interface LoggingOptions {
  /** Where entries go. What it throws is ignored. */
  readonly sink: (entry: LogEntry) => void
  /** Entries below are not written. State writes, reads and events are `debug`, failed steps `warn`. @defaultValue 'info' */
  readonly level?: LogLevel
  /** Longest text, in UTF-16 code units; no character is cut in half. @defaultValue 1,024 */
  readonly maxLength?: number
  /** @defaultValue all points */
  readonly points?: readonly PointName[]
  /** Takes secrets out of the text. */
  readonly redactor?: Redactor
}

export interface Logging {
  readonly hooks: readonly HookDefinition[]
  /** For the executor: what it reports is logged, a veto as `info`, a failure as `error`. */
  onIncident(incident: HookIncident): void
}

/**
 * Writes what was done to a sink: an after-hook at each point, so it slows nothing down.
 *
 * @throws INVALID_ARGUMENT for an unknown level or a `maxLength` below 1.
 */
export function createLogging(options: LoggingOptions): Logging {
  const { sink, level = 'info', maxLength = LOG_MAX_LENGTH, points = POINT_NAMES, redactor } = options
  const least = LOG_LEVELS.indexOf(level)
  if (least < 0) throw invalid('level', `is none; give one of ${LOG_LEVELS.join(', ')}`)
  if (!(maxLength >= 1)) throw invalid('maxLength', 'must be a number from 1')

  function write(entry: LogEntry): void {
    sink({ ...entry, text: cutText(entry.text, maxLength) })
  }

  const told = async (message: string) => String(await (redactor?.redact(message) ?? message))

  function isWanted(entryLevel: LogLevel): boolean {
    return LOG_LEVELS.indexOf(entryLevel) >= least
  }

  async function log(payload: PayloadByPoint[PointName], context: HookContext): Promise<undefined> {
    const entryLevel = levelOf(context.point, payload)
    if (!isWanted(entryLevel)) return
    const { point, sessionId, correlationId } = context
    const text = await cleanTextOf({ ...payload, session: undefined }, redactor)
    write({
      level: entryLevel,
      point,
      time: context.now(),
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(correlationId === undefined ? {} : { correlationId }),
      text,
    })
  }

  return {
    hooks: points.map((point) =>
      defineHook({ id: 'logging', version: 1, point, stage: 'after', replayable: false, run: log }),
    ),
    onIncident({ point, error }) {
      const entryLevel = error.code === 'HOOK_CANCELLED' ? 'info' : 'error'
      if (isWanted(entryLevel) && points.some((known) => overlap(known, point)))
        told(error.message)
          .then((text) => write({ level: entryLevel, point, text }))
          .catch(() => undefined)
    },
  }
}

/** What happens all the time is for who looks for something; what went wrong is for everybody. */
function levelOf(point: PointName, payload: PayloadByPoint[PointName]): LogLevel {
  if ('phase' in payload && payload.phase === 'failed') return 'warn'
  return point === 'state:write' || point === 'artifact:read' || point === 'event:emit' ? 'debug' : 'info'
}

function invalid(path: string, reason: string): Error {
  return createError('INVALID_ARGUMENT', `The logging's ${path} ${reason}.`, { path })
}
