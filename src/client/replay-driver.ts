/** Goes through a replay in the worker portion by portion, and stands still where it is told to. */
import { createError, isHoldfastError } from '../core/errors.ts'
import type { SessionId } from '../core/ids.ts'
import type { Breakpoint } from '../core/replay/breakpoints.ts'
import type { AdvancedReplay } from '../core/replay/open-replays.ts'
import type { ReplayFrame } from '../core/replay/player.ts'
import type { ReplaySpec } from '../core/replay/replay-input.ts'
import type { ReplayReport } from '../core/replay/report.ts'
import type { Caller } from './caller.ts'
import { readEvents } from './event-reader.ts'
import { heard } from './heard.ts'
import { createBreakpoints } from './replay-breakpoints.ts'
import { createFrameQueue } from './replay-frames.ts'
import type { ReplayOptions, ReplayState, ReplayStop } from './replay-handle.ts'
import { isUnknown, replayByOlder } from './replay-older.ts'
import { createPace } from './replay-pace.ts'
import { abortedBySignal } from './request.ts'

/** Frames that may be replayed ahead of their reader, but in mode `debug`, where each waits for it. */
const AHEAD = 64

export function driveReplay(
  caller: Caller,
  sessionId: SessionId,
  spec: Promise<ReplaySpec>,
  options: ReplayOptions,
  countEvents: () => number | null,
) {
  const { mode = 'exact', signal, deadlineMs, onProgress } = options
  const replay = crypto.randomUUID()
  const ending = new AbortController()
  const ended = signal === undefined ? ending.signal : AbortSignal.any([signal, ending.signal])
  const breakpoints = createBreakpoints(mode, options.breakpoints)
  /** As the worker was told last: they may change while it works. */
  let told: readonly Breakpoint[] = []
  const steps: ((frame: ReplayFrame | null) => void)[] = []
  const waiting = new Set<(stop: ReplayStop | null) => void>()
  const listeners = new Set<() => void>()
  const frames = createFrameQueue()
  const pace = createPace(options)
  let state: ReplayState = options.paused ? 'paused' : 'running'
  let stop: ReplayStop | undefined = options.paused ? { breakpoint: null } : undefined
  let events = 0
  let wake = () => {}

  function change(to: ReplayState, at?: ReplayStop): void {
    state = to
    stop = at
    if (to !== 'running') {
      for (const tell of waiting) tell(at ?? null)
      waiting.clear()
    }
    tell()
    wake()
  }

  function tell(): void {
    for (const listener of [...listeners]) heard(listener)
  }

  async function advance(begin: boolean, pass: boolean): Promise<AdvancedReplay> {
    const isOne = steps.length > 0 || pace.speed !== undefined || (frames.isRead && mode === 'debug')
    const asked = await spec
    told = breakpoints.list()
    return caller.call(
      'replay.advance',
      {
        sessionId,
        replay,
        begin,
        spec: begin ? asked : { mode },
        frames: frames.isRead || steps.length > 0,
        breakpoints: told,
        // A step goes on from wherever the replay stands.
        pass: pass || steps.length > 0,
        // What comes first has to be known before it can be waited for.
        ...(isOne ? { limit: begin && pace.speed !== undefined ? 0 : 1 } : frames.isRead && { limit: AHEAD }),
      },
      { signal: ended, deadlineMs, onProgress: progressed, once: options.effects !== undefined },
    )
  }

  function progressed(loaded: number): void {
    if (loaded === events) return
    events = loaded
    if (onProgress !== undefined) heard(() => onProgress(events, countEvents()))
    tell()
  }

  /** Until it may go on: neither paused, nor ahead of its reader, nor faster than it is to be. */
  async function mayGo(next: number | undefined): Promise<void> {
    for (;;) {
      if (ending.signal.aborted) throw ending.signal.reason
      if (signal?.aborted) throw abortedBySignal('A replay', signal)
      if (steps.length > 0) return
      const left =
        state === 'paused'
          ? Number.POSITIVE_INFINITY
          : frames.isFull
            ? Number.POSITIVE_INFINITY
            : pace.left(next)
      if (left <= 0) return
      await new Promise<void>((resolve) => {
        const timer = Number.isFinite(left) ? setTimeout(resolve, left) : undefined
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  async function drive(): Promise<ReplayReport> {
    // Who reads the frames, or pauses it at once, does so in this turn.
    await null
    let begin = true
    let pass = false
    let next: number | undefined
    let isTouched = false
    for (;;) {
      await mayGo(next)
      isTouched ||= mode === 'debug' || frames.isRead || steps.length > 0 || options.effects !== undefined
      let advanced: AdvancedReplay
      try {
        advanced = await advance(begin, pass)
      } catch (error) {
        if (isUnknown(error) && !isTouched)
          return replayByOlder(caller, sessionId, await spec, options, error)
        if (isTouched || !isLost(error)) throw options.effects === undefined ? error : afterEffects(error)
        // Its worker died. A replay stores nothing, so that it may begin anew.
        begin = true
        continue
      }
      begin = false
      progressed(advanced.events)
      pace.moved(next)
      next = advanced.next
      const read = await readFrames(advanced.frames)
      if (read.length > 0) steps.shift()?.(read[0] ?? null)
      frames.push(read)
      if (advanced.report !== undefined) return advanced.report
      pass = advanced.stop?.place === 'before'
      if (advanced.stop !== undefined) standStill(advanced.stop)
    }
  }

  function standStill({ breakpoint: at, ...where }: NonNullable<AdvancedReplay['stop']>): void {
    const breakpoint = told[at] ?? null
    breakpoints.met(breakpoint)
    change('paused', { breakpoint, ...where })
  }

  async function readFrames(taken: readonly ReplayFrame[]): Promise<readonly ReplayFrame[]> {
    return Promise.all(
      taken.map(async (frame) => {
        if (frame.kind !== 'event') return frame
        const [event = frame.event] = await readEvents(caller, [frame.event])
        return { ...frame, event }
      }),
    )
  }

  function finish(how: 'done' | 'failed'): void {
    for (const resolve of steps.splice(0)) resolve(null)
    frames.end()
    change(how)
  }

  // A paused replay looks at it later.
  spec.catch(() => {})
  ended.addEventListener('abort', () => wake())
  frames.onTaken = () => wake()
  frames.onLeft = () => {
    if (mode === 'debug' && state === 'running') change('paused', { breakpoint: null })
  }

  const report = drive().then(
    (done) => {
      finish('done')
      return done
    },
    (error: unknown) => {
      finish('failed')
      if (ended.aborted) caller.call('replay.end', { replay }).catch(() => {})
      throw error
    },
  )
  // Whoever looks at it later must not meet an unhandled rejection before.
  report.catch(() => {})

  return {
    report,
    get state() {
      return state
    },
    get progress() {
      return { events, total: countEvents() }
    },
    get speed() {
      return pace.speed
    },
    read: frames.read,
    controls: {
      breakpoints: { list: breakpoints.list, add: breakpoints.add },
      stopped: () =>
        new Promise<ReplayStop | null>((resolve) => {
          if (state === 'running') waiting.add(resolve)
          else resolve(stop ?? null)
        }),
      pause: () => {
        if (state === 'running') change('paused', { breakpoint: null })
      },
      resume: () => {
        if (state === 'paused') change('running')
      },
      step: () =>
        new Promise<ReplayFrame | null>((resolve) => {
          if (state === 'done' || state === 'failed') return resolve(null)
          steps.push(resolve)
          change('paused', { breakpoint: null })
        }),
      setSpeed: (speed: number | undefined) => {
        pace.set(speed)
        tell()
        wake()
      },
      cancel: () => ending.abort(createError('ABORTED', 'The replay was cancelled; nothing was stored.')),
      subscribe: (listener: () => void) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
  }
}

function isLost(error: unknown): boolean {
  return isHoldfastError(error) && error.details.isLost === true
}

/** What had run when its worker died nobody knows, so that it must not run once more by itself. */
function afterEffects(error: unknown): unknown {
  if (!isHoldfastError(error) || error.code !== 'WORKER_START') return error
  const message =
    'The worker of this replay died. Nothing was stored, but effects may have run; see to them first.'
  return createError('ABORTED', message, { isLost: true }, error)
}
