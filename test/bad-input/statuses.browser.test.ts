import { expect, test } from 'vitest'
import { allowedVerbs, defineStep } from '../../src/index.ts'
import { createIn, perform, STATUSES, VERBS } from '../origin/statuses.ts'
import { expectSound, visit } from '../origin/visit.ts'
import { type Attempt, DEADLINE_MS, expectNothingStored, expectRefused, isPacked } from './unchanged.ts'

test('BI5 each verb that a status does not allow is refused, and nothing is stored', async () => {
  const opened = await visit({ deadlineMs: DEADLINE_MS })
  let refused = 0
  for (const status of STATUSES) {
    const session = await createIn(opened.holdfast, status)
    if (status === 'archived') await isPacked(opened, session.id)
    const allowed = allowedVerbs(status)
    const wrong = VERBS.filter((verb) => !allowed.includes(verb))
    const error = (verb: string) => ({
      code: 'INVALID_TRANSITION',
      details: { id: session.id, verb, from: status, allowed },
    })
    await expectNothingStored(opened, () =>
      expectRefused(
        Object.fromEntries(
          wrong.map((verb) => [`${verb} when ${status}`, [() => perform(session, verb), error(verb)]]),
        ),
      ),
    )
    expect(await opened.holdfast.sessions.get(session.id)).toMatchObject({ status })
    refused += wrong.length
  }
  expect(refused).toBe(22)
  await expectSound(opened)
})

test('BI6 a session that is not active takes no state, event, artifact, step, run or child, and nothing is stored', async () => {
  const opened = await visit({ deadlineMs: DEADLINE_MS })
  const { holdfast } = opened
  const ran: string[] = []
  const step = defineStep({
    id: 'tool:never',
    version: 1,
    purity: 'pure',
    run: () => {
      ran.push('step')
      return 1
    },
  })
  for (const status of STATUSES.filter((one) => one !== 'active')) {
    const session = await createIn(holdfast, status)
    if (status === 'archived') await isPacked(opened, session.id)
    const [artifact] = (await session.artifacts.list()).items
    const calls: Record<string, readonly [Attempt, string]> = {
      'state.set': [() => session.state.set('before', 2), 'state.write'],
      'state.delete': [() => session.state.delete('before'), 'state.write'],
      emit: [() => session.emit('it.was', {}), 'emit'],
      store: [() => session.artifacts.store({ name: 'before', content: 'after' }), 'artifact.store'],
      'store of a stream': [
        () => session.artifacts.store({ name: 'new', content: new Blob(['x']).stream() }),
        'artifact.store',
      ],
      step: [() => session.step(step, undefined), 'step'],
      run: [() => session.run('analyse', async () => ran.push('run')), 'run'],
      child: [() => holdfast.sessions.create({ parentId: session.id }), 'child'],
    }
    const archived: Record<string, readonly [Attempt, string]> = {
      edit: [() => session.edit({ name: 'x' }), 'edit'],
      save: [() => session.save(), 'save'],
      'artifacts.edit': [
        () => session.artifacts.edit(artifact ?? { id: '' }, { tags: ['x'] }),
        'artifact.tag',
      ],
      'artifacts.delete': [() => session.artifacts.delete(artifact ?? { id: '' }), 'artifact.delete'],
    }
    const all = Object.entries({ ...calls, ...(status === 'archived' ? archived : {}) })
    await expectNothingStored(opened, () =>
      expectRefused(
        Object.fromEntries(
          all.map(([what, [call, action]]) => [
            `${what} when ${status}`,
            [call, { code: 'SESSION_NOT_ACTIVE', details: { id: session.id, status, action } }],
          ]),
        ),
      ),
    )
    expect(session.state.get('before')).toBe(1)
    expect(await artifact?.text()).toBe('before')
  }
  expect(ran).toEqual([])
  await expectSound(opened)
})
