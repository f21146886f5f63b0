import { createError } from '../core/errors.ts'
import type { Breakpoint } from '../core/replay/breakpoints.ts'
import type { ReplayMode } from '../core/replay/report.ts'

/** The breakpoints of one replay, which change while it runs. */
export function createBreakpoints(mode: ReplayMode, first: readonly Breakpoint[] = []) {
  const known = [...first]
  const remove = (breakpoint: Breakpoint) => {
    const at = known.indexOf(breakpoint)
    if (at >= 0) known.splice(at, 1)
  }
  return {
    list: (): readonly Breakpoint[] => [...known],
    add(breakpoint: Breakpoint): () => void {
      if (mode !== 'debug') throw notDebugged(mode)
      known.push(breakpoint)
      return () => remove(breakpoint)
    },
    /** The replay stands still there. */
    met(breakpoint: Breakpoint | null): void {
      if (breakpoint?.once) remove(breakpoint)
    },
  }
}

function notDebugged(mode: ReplayMode): Error {
  return createError('INVALID_ARGUMENT', `Breakpoints belong to the mode debug; this replay is ${mode}.`, {
    path: 'breakpoints',
    mode,
  })
}
