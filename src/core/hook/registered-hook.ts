import { createError } from '../errors.ts'
import type { Breaker, BreakerOptions } from './breaker.ts'
import type { HookDefinition, HookWhen } from './definition.ts'
import { HOOK_STAGES, type HookStage, isPointName, POINT_NAMES, type PointName, stageOf } from './points.ts'
import { type Applies, compileWhen } from './when.ts'

/** Milliseconds an asynchronous hook in the worker has to answer. */
export const HOOK_TIMEOUT_MS = 1_000
/** Milliseconds a page's hook has: its answer travels, and a page may be busy drawing. */
export const PAGE_HOOK_TIMEOUT_MS = 5_000

/** A hook as the executor uses it: every default filled in, every check done. */
export interface RegisteredHook extends Required<Omit<HookDefinition, 'when' | 'breaker' | 'enabled'>> {
  /** `id@version`. */
  readonly name: string
  /** The page it lives on; it gates that page's requests only. Absent for a hook of the worker. */
  readonly client?: string
  readonly when?: HookWhen
  readonly applies: Applies
  /** Absent for a hook that is never left out. */
  readonly breaker?: Breaker
  /** Milliseconds from which on an answer is slow. */
  readonly slowMs: number
  /** Among all registrations of the worker. */
  readonly order: number
  /** Changed by the registry alone. */
  enabled: boolean
  readonly counters: HookCounters
}

/** A definition of Holdfast's own. */
export interface BuiltIn extends HookDefinition {
  /** Whether it would surely do nothing: it is not asked then. */
  skips?(payload: Parameters<HookDefinition['run']>[0]): boolean
}

/** What a hook did since it was registered. */
export interface HookCounters {
  calls: number
  failures: number
  timeouts: number
  slow: number
  skipped: number
  ignoredChanges: number
  dropped: number
  totalMs: number
}

/**
 * Checks a definition and fills in what it leaves open. Later changes to the definition have no effect.
 *
 * @throws INVALID_ARGUMENT naming the part that is wrong.
 */
export function admitHook(
  definition: BuiltIn,
  client: string | undefined,
): Omit<RegisteredHook, 'breaker' | 'order'> {
  const { id, version, point, stage, when } = definition
  assertAddress(id, version, point, stage)
  const {
    priority = 0,
    timeoutMs = client === undefined ? HOOK_TIMEOUT_MS : PAGE_HOOK_TIMEOUT_MS,
    onError = stage === 'after' ? 'ignore' : 'refuse',
    replayable = true,
    enabled = true,
    breaker = true,
  } = definition
  check(Number.isFinite(priority), id, 'priority', 'must be a number')
  check(
    Number.isFinite(timeoutMs) && timeoutMs > 0,
    id,
    'timeoutMs',
    'must be a number of milliseconds above 0',
  )
  check(onError === 'refuse' || onError === 'ignore', id, 'onError', "must be 'refuse' or 'ignore'")
  check(
    stage !== 'after' || onError === 'ignore',
    id,
    'onError',
    "cannot be 'refuse' after the fact; register a before-hook",
  )
  check(typeof definition.run === 'function', id, 'run', 'must be a function')
  check(typeof enabled === 'boolean', id, 'enabled', 'must be true or false')
  const isBreaker = typeof breaker === 'boolean' || (typeof breaker === 'object' && breaker !== null)
  check(isBreaker, id, 'breaker', 'must be true, false or its options')
  const rules: BreakerOptions = typeof breaker === 'object' ? breaker : {}
  for (const [name, value] of Object.entries(rules)) {
    check(BREAKER_RULES.has(name), id, `breaker.${name}`, 'is no rule of a breaker')
    check(Number.isFinite(value) && value > 0, id, `breaker.${name}`, 'must be a number above 0')
  }
  check(typeof replayable === 'boolean', id, 'replayable', 'must be true or false')
  const applies = appliesTo(testOf(definition), client)
  return {
    id,
    version,
    name: `${id}@${version}`,
    point,
    stage,
    priority,
    timeoutMs,
    onError,
    replayable,
    ...(client === undefined ? {} : { client }),
    ...(when === undefined ? {} : { when }),
    applies,
    slowMs: rules.slowMs ?? timeoutMs / 2,
    enabled,
    counters: {
      calls: 0,
      failures: 0,
      timeouts: 0,
      slow: 0,
      skipped: 0,
      ignoredChanges: 0,
      dropped: 0,
      totalMs: 0,
    },
    run: (payload, context) => definition.run(payload, context),
  }
}

const BREAKER_RULES: ReadonlySet<string> = new Set<keyof BreakerOptions>([
  'failureThreshold',
  'slowThreshold',
  'slowMs',
  'windowMs',
  'openMs',
  'maxOpenMs',
])

/** Page hooks come over the wire, so nothing about them is taken for granted. */
function assertAddress(id: string, version: number, point: PointName, stage: HookStage): void {
  check(typeof id === 'string' && id !== '', id, 'id', 'must be a text that is not empty')
  check(Number.isInteger(version) && version >= 0, id, 'version', 'must be a whole number')
  check(isPointName(point), id, 'point', `must be one of ${POINT_NAMES.join(', ')}`)
  const stages = HOOK_STAGES.filter((known) => stageOf(point, known) !== undefined)
  check(stages.includes(stage), id, 'stage', `must be one of ${stages.join(', ')} at ${point}`)
}

function testOf({ point, when, skips }: BuiltIn): Applies | undefined {
  if (skips !== undefined) return (payload) => !skips(payload)
  return when === undefined ? undefined : compileWhen(point, when)
}

function appliesTo(when: Applies | undefined, client: string | undefined): Applies {
  if (client === undefined) return when ?? always
  return (payload, scope) => scope.request.client === client && (when === undefined || when(payload, scope))
}

function always(): boolean {
  return true
}

function check(holds: boolean, id: string, part: string, demand: string): void {
  if (holds) return
  throw createError('INVALID_ARGUMENT', `The ${part} of hook ${JSON.stringify(id)} ${demand}.`, {
    path: part,
    hook: id,
  })
}
