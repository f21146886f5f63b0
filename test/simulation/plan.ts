/** What a seed makes of a run: swarm testing, where each run has some of the operations and some of the faults. */

import type { DiskFaults } from './disk.ts'
import type { ChannelFaults } from './messages.ts'
import { OPERATIONS, type OperationName } from './operations.ts'
import type { Random } from './random.ts'

/** What befalls the machine between two operations. */
export const ACCIDENTS = [
  'workerKilled',
  'tabCrashed',
  'tabOpened',
  'tabClosed',
  'tabFrozen',
  'clockJumped',
  'powerCut',
] as const
export type Accident = (typeof ACCIDENTS)[number]

export interface Plan {
  readonly operations: readonly OperationName[]
  readonly accidents: readonly Accident[]
  readonly disk: DiskFaults
  readonly channel: ChannelFaults
  readonly tabs: number
  /** Whether the browser has Web Locks. */
  readonly hasLocks: boolean
  /** Operations and accidents together. */
  readonly actions: number
  /** The share of accidents among them. */
  readonly accidentRate: number
  /** Between two actions at most, in milliseconds. */
  readonly pauseMs: number
}

/** Runs that go from tab to tab, in a browser without Web Locks: their epochs alone say whose they are. */
export const MANY_TAKEOVERS: Partial<Plan> = {
  operations: ['run'],
  accidents: ['workerKilled'],
  tabs: 3,
  hasLocks: false,
  actions: 20,
  accidentRate: 0.4,
  pauseMs: 2_000,
}

/** Archived sessions are packed by the steward, which every tab takes itself to be in a browser without Web Locks. */
export const MANY_STEWARDS: Partial<Plan> = {
  operations: ['create', 'emit', 'complete', 'archive'],
  accidents: ['tabOpened'],
  tabs: 3,
  hasLocks: false,
  actions: 20,
  accidentRate: 0.1,
  pauseMs: 2_000,
}

/** Tabs of which one stands still while others write to its sessions, and delete them. */
export const MANY_TURNS: Partial<Plan> = {
  operations: ['create', 'emit', 'complete', 'delete'],
  accidents: ['tabFrozen'],
  tabs: 3,
  actions: 40,
  accidentRate: 0.15,
  pauseMs: 1_000,
}

/** The same, with pauses in which the steward sweeps whose turn it was, and ends of tabs. */
export const MANY_SWEEPS: Partial<Plan> = {
  ...MANY_TURNS,
  accidents: ['tabFrozen', 'tabFrozen', 'workerKilled'],
  pauseMs: 5_000,
}

/** Workers that are killed again before they have opened the database, or have even begun. */
export const SHORT_LIVES: Partial<Plan> = {
  accidents: ['workerKilled'],
  tabs: 2,
  actions: 30,
  accidentRate: 0.5,
  pauseMs: 4,
}

/** The seeds up to here are run with every `npm test`, so their runs are short. */
export const SUITE_SEEDS = 1_000

const ACTIONS = { suite: 12, soak: 40 } as const

export function planOf(seed: number, random: Random): Plan {
  const most = seed <= SUITE_SEEDS ? ACTIONS.suite : ACTIONS.soak
  const names = Object.keys(OPERATIONS) as OperationName[]
  const some = <Item>(items: readonly Item[], share: number) => items.filter(() => random.chance(share))
  const rate = (most: number) => (random.chance(0.35) ? random.fraction() * most : 0)
  const operations = [...some(names, 0.6)]
  const isCalm = random.chance(0.15)
  return {
    operations: operations.length === 0 ? names : operations,
    accidents: isCalm ? [] : some(ACCIDENTS, 0.45),
    disk: isCalm ? { aborted: 0, closed: 0 } : { aborted: rate(0.15), closed: rate(0.03) },
    channel: { lost: isCalm ? 0 : rate(0.5), doubled: rate(0.5), late: rate(0.5) },
    tabs: random.between(1, 3),
    hasLocks: true,
    actions: random.between(most / 3, most),
    accidentRate: random.pick([0.1, 0.2, 0.35]),
    pauseMs: random.pick([1, 10, 10, 100, 1_000]),
  }
}
