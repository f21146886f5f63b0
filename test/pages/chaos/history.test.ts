import { expect, test } from 'vitest'
import { checkHistory, type Finding, type History, type Operation } from './history.ts'

const acknowledged = (at: number) => ({ kind: 'acknowledged', at }) as const

/** Two events one after the other, two at once, one that was refused, one unknown; three writes of one key. */
const OPERATIONS: readonly Operation[] = [
  { id: 'a1', tab: 'a', begunAt: 1, outcome: acknowledged(2) },
  { id: 'a2', tab: 'a', begunAt: 3, outcome: acknowledged(5) },
  { id: 'a3', tab: 'a', begunAt: 4, outcome: acknowledged(6) },
  { id: 'b1', tab: 'b', begunAt: 7, outcome: { kind: 'refused', code: 'SESSION_NOT_ACTIVE' } },
  { id: 'b2', tab: 'b', begunAt: 8, outcome: { kind: 'unknown' } },
  { id: 'k1', tab: 'a', key: 'k', begunAt: 9, outcome: acknowledged(10) },
  { id: 'k2', tab: 'a', key: 'k', begunAt: 11, outcome: acknowledged(12) },
  { id: 'k3', tab: 'a', key: 'k', begunAt: 13, outcome: { kind: 'unknown' } },
]

const LOG = ['a1', 'a3', 'a2']

function historyOf(finding: Partial<Finding> = {}, other: Partial<Finding> = finding): History {
  const whole = { log: LOG, told: finding.log ?? LOG, state: { k: 'k2' } }
  return {
    operations: OPERATIONS,
    findings: [
      { tab: 'x', ...whole, ...finding },
      { tab: 'y', ...whole, told: other.log ?? LOG, ...other },
    ],
  }
}

test('TA12 a sound history has nothing wrong: what nobody knows of may be there or not', () => {
  expect(checkHistory(historyOf())).toEqual([])
  expect(checkHistory(historyOf({ log: ['a1', 'b2', 'a2', 'a3'], state: { k: 'k3' } }))).toEqual([])
})

test.each<[string, Partial<Finding>, Partial<Finding> | undefined, string]>([
  ['lost', { log: ['a1', 'a3'] }, undefined, 'x: a2 was acknowledged and is not there'],
  ['twice', { log: [...LOG, 'a1'] }, undefined, 'x: a1 stands 2 times in the log'],
  ['refused', { log: [...LOG, 'b1'] }, undefined, 'x: b1 was refused and is there'],
  ['unheard of', { log: [...LOG, 'z9'] }, undefined, 'x: z9 is there and nobody wrote it'],
  [
    'out of order',
    { log: ['a2', 'a1', 'a3'] },
    undefined,
    'x: a2 stands before a1, which had ended when it began',
  ],
  ['not told', { told: ['a1', 'a2'] }, undefined, 'x: a3 is there and was not told'],
  ['told twice', { told: [...LOG, 'a1'] }, undefined, 'x: a1 was told 2 times'],
  ['told and gone', { told: [...LOG, 'b2'] }, undefined, 'x: b2 was told and is not there'],
  ['another order', {}, { log: ['a1', 'a2', 'a3'] }, 'x and y differ at place 1 of the log'],
  ['less', {}, { log: ['a1', 'a3'] }, 'x and y differ at place 2 of the log'],
  ['an older value', { state: { k: 'k1' } }, undefined, 'x: k holds k1 and not k2'],
  ['no value', { state: {} }, undefined, 'x: k holds nothing and not k2'],
  ['a strange key', { state: { k: 'k2', z: 'z' } }, undefined, 'x: z is there and nobody wrote it'],
  ['another value', {}, { state: { k: 'k3' } }, 'x and y differ in k'],
])('TA12 a history with something wrong is found out: %s', (_what, finding, other, complaint) => {
  expect(checkHistory(historyOf(finding, other))).toContain(complaint)
})
