import type { CorrelationId, SessionId } from '../core/ids.ts'
import type { Modification } from '../core/replay/modifications.ts'
import type { ReplaySpec } from '../core/replay/replay-input.ts'
import { reportMarkdown } from '../core/replay/report-markdown.ts'
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
  const { from, to, correlation } = options
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
    markdown: async () => reportMarkdown(await driven.report),
    [Symbol.asyncIterator]: driven.read,
  }
}

async function specOf(options: ReplayOptions): Promise<ReplaySpec> {
  const { mode = 'exact', from, to, correlation, modifications, effects, compare } = options
  return {
    mode,
    ...(from !== undefined && { from: idOf(from) }),
    ...(to !== undefined && { to: idOf(to) }),
    ...(correlation !== undefined && {
      correlationId:
        typeof correlation === 'string' ? (correlation as CorrelationId) : correlation.correlationId,
    }),
    ...(modifications !== undefined && { modifications: await Promise.all(modifications.map(encoded)) }),
    ...(effects !== undefined && { effects }),
    ...(compare !== undefined && { compare }),
  }
}

async function encoded({
  value,
  ...modification
}: NonNullable<ReplayOptions['modifications']>[number]): Promise<Modification> {
  return value === undefined ? modification : { ...modification, value: await encodeStepValue(value) }
}
