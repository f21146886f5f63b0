/** How long the page waits for its worker, in milliseconds. Injected by tests; an app sets `deadlineMs` only. */
export interface Timing {
  /** Loading the worker's script, which may come over a slow network, and opening the database. */
  readonly handshakeMs: number
  /** A call; the worker aborts it then, so that it fails plainly. */
  readonly deadlineMs: number
  /** A call whose work grows with what it is given: an import, an artifact, a replay. */
  readonly longDeadlineMs: number
  /** How much later the page gives up by itself, which leaves the outcome unknown. */
  readonly backstopMs: number
  /** Between two pings while calls are pending. */
  readonly pingMs: number
  /**
   * Pings in a row without a sign of life until the worker counts as hung. They are counted and not timed: a frozen
   * tab thaws with old clocks, and its worker was frozen with it.
   */
  readonly missedPings: number
  /** For the worker to close its database before it is ended all the same. */
  readonly closeMs: number
  /** Before each further try to open a database that the browser fails to open; after the last one the page needs a reload. */
  readonly reopenAfterMs: readonly number[]
  /** Between two tries in a page that needs a reload. */
  readonly probeMs: number
}

export const TIMING: Timing = {
  handshakeMs: 30_000,
  deadlineMs: 30_000,
  longDeadlineMs: 600_000,
  backstopMs: 1_000,
  pingMs: 2_000,
  missedPings: 8,
  closeMs: 5_000,
  reopenAfterMs: [250, 500, 1_000, 2_000],
  probeMs: 15_000,
}
