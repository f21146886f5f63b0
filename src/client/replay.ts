import { createError } from '../core/errors.ts'
import type { CorrelationId, SessionId } from '../core/ids.ts'
import type { Modification } from '../core/replay/modifications.ts'
import type { ReplaySpec } from '../core/replay/replay-input.ts'
import { encodeStepValue } from '../core/run/value.ts'
import type { Caller } from './caller.ts'
import { idOf } from './moment.ts'
import { driveReplay } from './replay-driver.ts'
import type { Replay, ReplayOptions } from './replay-handle.ts'

/** @param countEvents how many events the session has */
export function startReplay(
  caller: Caller,
  sessionId: SessionId,
  options: ReplayOptions = {},
  countEvents: () => number = () => 0,
): Replay {
  const { from, to, correlation, breakpoints = [], modifications = [] } = options
  for (const [path, list] of Object.entries({ breakpoints, modifications })) {
    if (!Array.isArray(list)) throw invalid(path, `${path} is a list, not ${String(list)}.`)
  }
  const isWhole = from === undefined && to === undefined && correlation === undefined
  const driven = driveReplay(caller, sessionId, specOf(options), options, () =>
    isWhole ? countEvents() : null,
  )
  return {
    ...driven.controls,
    get state() {
      return driven.state
    },
    get progress() {
      return driven.progress
    },
    get speed() {
      return driven.speed
    },
    report: driven.report,
    markdown: async () => {
      const report = await driven.report
      const { reportMarkdown } = await loadMarkdown()
      return reportMarkdown(report)
    },
    [Symbol.asyncIterator]: driven.read,
  }
}

/** Few pages show a report as text. */
function loadMarkdown() {
  return import('../core/replay/report-markdown.ts').catch((cause: unknown) => {
    const message = 'What writes reports could not be loaded; ask for the text again, or reload the page.'
    throw createError('MODULE_UNAVAILABLE', message, { module: 'report-markdown' }, cause)
  })
}

async function specOf(options: ReplayOptions): Promise<ReplaySpec> {
  const { mode = 'exact', from, to, correlation, modifications, effects, compare } = options
  return {
    mode,
    ...(from !== undefined && { from: named('from', idOf(from)) }),
    ...(to !== undefined && { to: named('to', idOf(to)) }),
    ...(correlation !== undefined && { correlationId: named('correlation', correlationOf(correlation)) }),
    ...(modifications !== undefined && { modifications: await Promise.all(modifications.map(encoded)) }),
    ...(effects !== undefined && { effects }),
    ...(compare !== undefined && { compare }),
  }
}

function correlationOf(correlation: NonNullable<ReplayOptions['correlation']>): CorrelationId {
  return typeof correlation === 'string' ? (correlation as CorrelationId) : correlation.correlationId
}

/** Left out, what names nothing would replay everything. */
function named<Id>(path: string, id: Id): Id {
  if (typeof id === 'string') return id
  throw invalid(path, `${path} names no event and no correlation; give its id, or what has one.`)
}

function invalid(path: string, message: string): Error {
  return createError('INVALID_ARGUMENT', message, { path })
}

async function encoded({
  value,
  ...modification
}: NonNullable<ReplayOptions['modifications']>[number]): Promise<Modification> {
  return value === undefined ? modification : { ...modification, value: await encodeStepValue(value) }
}
