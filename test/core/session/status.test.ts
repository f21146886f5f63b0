import { describe, expect, test } from 'vitest'
import { isHoldfastError } from '../../../src/core/errors.ts'
import type { SessionId } from '../../../src/core/ids.ts'
import {
  type Action,
  allowedVerbs,
  assertPermitted,
  assertTransition,
  isPermitted,
  PERMISSIONS,
  STATUSES,
  type Standing,
  type Status,
  VERBS,
  type Verb,
} from '../../../src/core/session/status.ts'

// Written out by hand from the rules, so that a slip in the table is seen.
const TARGETS: Readonly<Record<Status, Readonly<Record<Verb, Status | undefined>>>> = {
  active: {
    suspend: 'suspended',
    resume: undefined,
    complete: 'completed',
    fail: 'failed',
    reopen: undefined,
    archive: 'archived',
    unarchive: undefined,
  },
  suspended: {
    suspend: undefined,
    resume: 'active',
    complete: 'completed',
    fail: 'failed',
    reopen: undefined,
    archive: 'archived',
    unarchive: undefined,
  },
  completed: {
    suspend: undefined,
    resume: undefined,
    complete: undefined,
    fail: undefined,
    reopen: 'active',
    archive: 'archived',
    unarchive: undefined,
  },
  failed: {
    suspend: undefined,
    resume: undefined,
    complete: undefined,
    fail: undefined,
    reopen: 'active',
    archive: 'archived',
    unarchive: undefined,
  },
  archived: {
    suspend: undefined,
    resume: undefined,
    complete: undefined,
    fail: undefined,
    reopen: undefined,
    archive: undefined,
    unarchive: 'completed',
  },
}

const EVERYWHERE = 'active suspended completed failed archived'
const NOT_ARCHIVED = 'active suspended completed failed'

const ALLOWED: Readonly<Record<Action, string>> = {
  read: EVERYWHERE,
  list: EVERYWHERE,
  replay: EVERYWHERE,
  at: EVERYWHERE,
  fork: EVERYWHERE,
  delete: EVERYWHERE,
  edit: NOT_ARCHIVED,
  save: NOT_ARCHIVED,
  'artifact.delete': NOT_ARCHIVED,
  'artifact.tag': NOT_ARCHIVED,
  'state.write': 'active',
  'artifact.store': 'active',
  step: 'active',
  emit: 'active',
  restore: 'active',
  child: 'active',
  import: 'active',
  run: 'active',
}

const ACTIONS = Object.keys(PERMISSIONS) as readonly Action[]

function standing(status: Status): Standing {
  return { id: 's1' as SessionId, status, ...(status === 'archived' ? { archivedFrom: 'completed' } : {}) }
}

function errorOf(work: () => unknown) {
  try {
    work()
  } catch (error) {
    if (isHoldfastError(error)) return error
    throw error
  }
  throw new Error('It was allowed.')
}

const MOVES = STATUSES.flatMap((from) => VERBS.map((verb) => [from, verb, TARGETS[from][verb]] as const))
const ACTS = STATUSES.flatMap((status) =>
  ACTIONS.map((action) => [status, action, ALLOWED[action].split(' ').includes(status)] as const),
)

describe('statuses', () => {
  test.each(MOVES.filter(([, , to]) => to !== undefined))('TR1 from %s, %s leads to %s', (from, verb, to) => {
    expect(assertTransition(standing(from), verb)).toBe(to)
  })

  test.each(MOVES.filter(([, , to]) => to === undefined))('TR2 from %s, %s is refused', (from, verb) => {
    const { code, details } = errorOf(() => assertTransition(standing(from), verb))
    expect(code).toBe('INVALID_TRANSITION')
    const allowed = VERBS.filter((other) => TARGETS[from][other] !== undefined)
    expect(details).toMatchObject({ id: 's1', from, verb, allowed })
    expect(STATUSES).toContain(details.to)
  })

  test('TR2 an error names what the session can do instead', () => {
    expect(errorOf(() => assertTransition(standing('completed'), 'suspend')).message).toBe(
      'Session s1 is completed, so it cannot suspend; it can reopen, archive.',
    )
    expect(allowedVerbs('suspended')).toEqual(['resume', 'complete', 'fail', 'archive'])
  })

  test.each(['active', 'suspended', 'completed', 'failed'] as const)(
    'TR4 unarchive leads back to %s',
    (archivedFrom) => {
      expect(assertTransition({ ...standing('archived'), archivedFrom }, 'unarchive')).toBe(archivedFrom)
    },
  )

  test.each(ACTS)('SE3 in status %s the action %s is permitted: %s', (status, action, permitted) => {
    expect(isPermitted(status, action)).toBe(permitted)
    if (permitted) {
      expect(() => assertPermitted(standing(status), action)).not.toThrow()
      return
    }
    const { code, details } = errorOf(() => assertPermitted(standing(status), action))
    expect(code).toBe('SESSION_NOT_ACTIVE')
    expect(details).toEqual({ id: 's1', status, action, allowedIn: ALLOWED[action].split(' ') })
  })

  test('SE3 an error says what to do first', () => {
    const message = (status: Status) => errorOf(() => assertPermitted(standing(status), 'step')).message
    expect(message('suspended')).toMatch(/resume it first/)
    expect(message('failed')).toMatch(/reopen it first/)
    expect(message('archived')).toMatch(/unarchive it first/)
  })
})
