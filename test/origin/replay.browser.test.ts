import { expect, test } from 'vitest'
import { defineApp, defineStep } from '../../src/index.ts'
import { countRows } from './rows.ts'
import { expectSound, visit, visitAgain } from './visit.ts'

function doubler(factor: number, ran: number[]) {
  return defineStep({
    id: 'tool:double',
    version: 1,
    purity: 'pure',
    run: ({ n }: { n: number }) => {
      ran.push(n)
      return n * factor
    },
  })
}

test('OR51 basic replay: a doubler is recorded, runs again with the same result, and a changed one is named', async () => {
  const ran: number[] = []
  const double = doubler(2, ran)
  const first = await visit({ app: defineApp({ steps: [double] }) })
  const session = await first.holdfast.sessions.create()
  expect(await session.step(double, { n: 5 }, { key: 'five' })).toBe(10)
  expect(await session.step(double, { n: 0 }, { key: 'nought' })).toBe(0)

  const second = await visitAgain(first, { app: defineApp({ steps: [doubler(2, ran)] }) })
  const again = await second.holdfast.sessions.open(session.id)
  const events = (await again.timeline.query({ types: ['step.*'] })).items
  expect(events.map(({ type, data }) => [type, data])).toMatchObject([
    ['step.started', { step: 'tool:double@1', key: 'five', input: { inline: { n: 5 } } }],
    ['step.completed', { step: 'tool:double@1', key: 'five', result: { inline: 10 } }],
    ['step.started', { key: 'nought' }],
    ['step.completed', { key: 'nought', result: { inline: 0 } }],
  ])
  await second.holdfast.flush()
  const before = await countRows(first.name)
  expect(await again.replay({ mode: 'exact' }).report).toMatchObject({
    mode: 'exact',
    steps: { rerun: 2, answered: 0, unfinished: 0, missing: [] },
    divergences: [],
    verdict: 'same',
  })
  expect(ran).toEqual([5, 0, 5, 0])
  await second.holdfast.flush()
  expect(await countRows(first.name)).toEqual(before)

  const third = await visitAgain(second, { app: defineApp({ steps: [doubler(4, ran)] }) })
  const changed = await third.holdfast.sessions.open(session.id)
  const report = await changed.replay({ mode: 'exact' }).report
  expect(report).toMatchObject({ steps: { rerun: 2 }, verdict: 'diverged' })
  expect(report.divergences.filter(({ kind }) => kind === 'step')).toEqual([
    {
      kind: 'step',
      subject: 'tool:double@1',
      eventId: events[1]?.id,
      key: 'five',
      path: '',
      expected: 10,
      got: 20,
      severity: 'major',
    },
  ])
  expect(new Set(report.divergences.map(({ key }) => key))).toEqual(new Set(['five']))
  expect(await changed.replay({ mode: 'state' }).report).toMatchObject({ verdict: 'same' })

  const fourth = await visitAgain(third)
  const unknown = await fourth.holdfast.sessions.open(session.id)
  expect(await unknown.replay().report).toMatchObject({
    steps: { rerun: 0, missing: ['tool:double@1'] },
    verdict: 'nothing to check',
  })
  expect(ran).toHaveLength(6)
  await expectSound(fourth)
})
