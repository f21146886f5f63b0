import { expect, test } from 'vitest'
import type { Session } from '../../src/index.ts'
import { expectSound, visit, visitAgain } from './visit.ts'

async function live(session: Session): Promise<void> {
  await session.state.set('at', 1)
  await session.artifacts.store({ name: 'a', content: session.id })
  await session.suspend()
  await session.resume()
  await session.step('think', null, async (_input, { session: bound }) => {
    await bound.artifacts.store({ name: 'thought', content: 'x' })
    return bound.emit('thought.had', {})
  })
  await session.complete()
}

test('OR45 event correlation: all events of a session share its root, none of another, in order', async () => {
  const first = await visit()
  const one = await first.holdfast.sessions.create()
  const two = await first.holdfast.sessions.create()
  await Promise.all([live(one), live(two)])

  const next = await visitAgain(first)
  const { timeline, sessions } = next.holdfast
  expect(one.info.correlationId).not.toBe(two.info.correlationId)
  const seen = new Set<string>()
  for (const { id } of [one, two]) {
    const session = await sessions.open(id)
    const { items } = await session.timeline.query()
    expect(items.map(({ type }) => type)).toEqual([
      'session.created',
      'state.changed',
      'artifact.stored',
      'session.suspended',
      'session.resumed',
      'step.started',
      'hook.ran',
      'artifact.stored',
      'thought.had',
      'step.completed',
      'hook.ran',
      'session.completed',
    ])
    const { correlationId } = session.info
    for (const event of items) {
      expect(event).toMatchObject({ correlationId, sessionId: id, source: 'local' })
      seen.add(event.id)
    }
    expect(items.map((event) => event.id)).toEqual(items.map((event) => event.id).toSorted())
    const [, , , , , step, , stored, had, completed] = items
    expect([stored?.causeId, had?.causeId, completed?.causeId]).toEqual([step?.id, step?.id, step?.id])
    expect((await timeline.query({ correlationId })).items).toEqual(items)
    const inTree: string[] = []
    const nodes = [...(await session.timeline.tree(session.info))]
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      inTree.push(node.event.id)
      nodes.push(...node.children)
    }
    expect(inTree.toSorted()).toEqual(items.map((event) => event.id))
    expect((await session.timeline.query({ order: 'desc' })).items).toEqual(items.toReversed())
  }
  expect(seen.size).toBe(24)
  await expectSound(next)
})
