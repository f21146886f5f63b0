import { expect, test } from 'vitest'
import { createError, ERROR_CODES } from '../../src/core/errors.ts'
import type { ContentId, EventId } from '../../src/core/ids.ts'
import type { ReplayReport } from '../../src/core/replay/report.ts'
import { asideValue } from '../../src/core/state/aside.ts'
import { entryKeyOf } from '../../src/core/state/scope.ts'
import type { WorkerMessage } from '../../src/protocol/messages.ts'
import { METHODS } from '../../src/protocol/methods.ts'
import { ERROR_CODES_SINCE, METHODS_SINCE } from '../../src/protocol/since.ts'
import { fromWireError, toWireError } from '../../src/protocol/wire-error.ts'
import { wordingFor } from '../../src/protocol/wording.ts'
import first from '../versions/first/protocol.json' with { type: 'json' }

const blocked: WorkerMessage = { type: 'blocked', tabs: 1, leftMs: 5 }
const fenced = toWireError(
  createError('CLOSED', 'outside', {}, createError('STEWARD_FENCED', 'inside', { epoch: 3 })),
)

test('VE7 whatever the first protocol had is still there, and what it lacked is listed', () => {
  const methods = Object.keys(METHODS)
  expect(methods).toEqual(expect.arrayContaining(Object.keys(first.methods)))
  expect(Object.keys(METHODS_SINCE).toSorted()).toEqual(
    methods.filter((method) => !Object.hasOwn(first.methods, method)).toSorted(),
  )
  const codes = Object.keys(ERROR_CODES)
  expect(codes).toEqual(expect.arrayContaining(first.errorCodes))
  expect(Object.keys(ERROR_CODES_SINCE).toSorted()).toEqual(
    codes.filter((code) => !first.errorCodes.includes(code)).toSorted(),
  )
})

test('VE4 a message that came later is left out, and sent to a page that knows it', () => {
  expect(wordingFor(1).message(blocked)).toBeUndefined()
  expect(wordingFor(2).message(blocked)).toEqual(blocked)
  const pong: WorkerMessage = { type: 'pong', ping: 1 }
  expect(wordingFor(1).message(pong)).toEqual(pong)
})

test('VE4 a code that came later is the one that comes nearest, among causes too, and stands in the details', () => {
  const told = wordingFor(1).message({ type: 'settled', settled: [{ id: 1, ok: false, error: fenced }] })
  expect(told).toMatchObject({
    settled: [
      {
        id: 1,
        error: {
          code: 'CLOSED',
          cause: { code: 'CONFLICT', message: 'inside', details: { epoch: 3, code: 'STEWARD_FENCED' } },
        },
      },
    ],
  })
  expect(wordingFor(2).error(fenced)).toEqual(fenced)
})

test('VE17 what a replay found different in a scope or a value that stands aside is told in words of the first protocol', () => {
  const aside = asideValue({
    class: 'sensitive',
    domain: 's1',
    content: 'sha256:0' as ContentId,
    sizeBytes: 1,
  })
  const divergence = {
    kind: 'state',
    eventId: 'e1' as EventId,
    path: '',
    expected: aside,
    got: 1,
    severity: 'critical',
  } as const
  const scoped = entryKeyOf({ scope: 'agent:planner', key: 'k' })
  const report: ReplayReport = {
    mode: 'exact',
    events: 1,
    steps: { rerun: 1, effects: 0, runnable: 0, answered: 0, withheld: 0, unfinished: 0, missing: [] },
    hooks: { rerun: 0, answered: 0, withheld: 0, missing: [] },
    divergences: [
      { ...divergence, subject: scoped },
      { ...divergence, subject: 'k' },
    ],
    severities: { info: 0, minor: 0, major: 0, critical: 2 },
    modifications: [],
    modified: [],
    errors: { total: 0, byType: [], bySubject: [], byHook: [], rate: 0, byHour: [] },
    verdict: 'diverged',
  }
  expect(wordingFor(2).answer('replay.run', report, {})).toEqual(report)
  expect(wordingFor(1).answer('replay.run', report, {}).divergences).toEqual([
    { ...divergence, subject: 'k', expected: null },
  ])
})

test('VE6 a code that this build has not heard of is INTERNAL, and stands in the details', () => {
  const wire = { code: 'FROM_TOMORROW', message: 'Later.', details: { id: 's1' } }
  const answer: unknown = JSON.parse(JSON.stringify(wire))
  expect(fromWireError(answer as Parameters<typeof fromWireError>[0])).toMatchObject({
    code: 'INTERNAL',
    message: 'Later.',
    details: { id: 's1', code: 'FROM_TOMORROW' },
  })
})
