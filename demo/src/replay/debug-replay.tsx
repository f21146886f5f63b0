import type { Breakpoint, Replay, ReplayStop, ReplayReport as Report } from 'holdfast'
import { useEffect, useId, useReducer, useState } from 'preact/hooks'
import type { DemoSession } from '../app/holdfast.ts'
import { attempt } from '../app/notices.ts'
import { formatCount } from '../ui/format.ts'
import { ReplayReport } from './replay-report.tsx'

const BREAKPOINTS = {
  step: { label: 'every step', at: [{ on: 'step', step: '*' }] },
  error: { label: 'what failed', at: [{ on: 'error' }] },
  divergence: { label: 'what comes out differently', at: [{ on: 'divergence' }] },
  none: { label: 'nothing', at: [] },
} as const satisfies Record<string, { readonly label: string; readonly at: readonly Breakpoint[] }>

/** Replays the session step by step, with the controls of a debugger. */
export function DebugReplay({ session }: { readonly session: DemoSession }) {
  const id = useId()
  const [breakAt, setBreakAt] = useState<keyof typeof BREAKPOINTS>('step')
  const [replay, setReplay] = useState<Replay | null>(null)
  const [stop, setStop] = useState<ReplayStop | null>(null)
  const [report, setReport] = useState<Report | null>(null)
  const [, redraw] = useReducer((times: number) => times + 1, 0)

  useEffect(() => {
    if (replay === null) return
    function show(running: Replay): void {
      redraw(undefined)
      if (running.state === 'paused') void running.stopped().then(setStop)
    }

    const unsubscribe = replay.subscribe(() => show(replay))
    // It may have stood still before this was listening.
    show(replay)
    return () => {
      unsubscribe()
      replay.cancel()
    }
  }, [replay])

  function start(): void {
    const begun = session.replay({ mode: 'debug', breakpoints: BREAKPOINTS[breakAt].at })
    setReport(null)
    setStop(null)
    setReplay(begun)
    void attempt(async () => setReport(await begun.report))
  }

  const state = replay?.state
  return (
    <section class="panel stack" aria-label="Debugged replay">
      <h2>Step by step</h2>
      <div class="row">
        <label class="label" for={id}>
          Stop at
        </label>
        <select
          id={id}
          class="input"
          value={breakAt}
          onChange={({ currentTarget }) => setBreakAt(currentTarget.value as keyof typeof BREAKPOINTS)}
        >
          {Object.entries(BREAKPOINTS).map(([name, { label }]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
        <button type="button" class="button primary" onClick={start}>
          Start
        </button>
        <button type="button" class="button" disabled={state !== 'paused'} onClick={() => replay?.step()}>
          Step
        </button>
        <button type="button" class="button" disabled={state !== 'paused'} onClick={() => replay?.resume()}>
          Go on
        </button>
        <button type="button" class="button" disabled={state !== 'running'} onClick={() => replay?.pause()}>
          Pause
        </button>
      </div>
      <div role="status" aria-busy={state === 'running'}>
        {replay !== null && state === 'paused' && (
          <p class="debug-stop">
            Stopped after {formatCount(replay.progress.events)} events
            {stop?.step !== undefined && (
              <>
                , before <code>{stop.step}</code> with key <code>{stop.key}</code>
              </>
            )}
            .
          </p>
        )}
        {report !== null && <ReplayReport report={report} />}
      </div>
    </section>
  )
}
