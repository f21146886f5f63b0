/** Events with schemas, links and a correlation of their own; a watch that misses nothing. */
import { defineApp, HoldfastError, openHoldfast } from 'holdfast'
import { z } from 'zod'

const app = defineApp({
  events: { 'order.placed': z.object({ id: z.string() }), 'order.paid': z.object({ id: z.string() }) },
})

export async function events(name: string) {
  await using holdfast = await openHoldfast({ name, app })
  const session = await holdfast.sessions.create({ name: 'Orders' })

  const order = session.correlate()
  const placed = await order.emit('order.placed', { id: '7' }, { tags: ['shop'] })
  await order.emit('order.paid', { id: '7' }, { links: { causedBy: placed } })
  const refusal = await session.emit('order.paid', { id: 7 } as never).catch((error: unknown) => error)

  const watch = session.timeline.watch({
    types: ['order.*'],
    since: session.info.revision,
    overflow: 'catch-up',
  })
  const seen: string[] = []
  for await (const { type } of watch) {
    seen.push(type)
    if (type === 'order.paid') break
  }

  const [root] = await holdfast.timeline.tree(placed)
  const { roots, leaves, chains } = await session.timeline.statistics({ types: ['order.*'] })
  const tagged = await session.timeline.query({ tags: ['shop'] })
  return {
    seen,
    refusedWith: refusal instanceof HoldfastError ? refusal.code : 'nothing',
    tree: [root?.event.type, root?.children.map(({ event }) => event.type)],
    isOfItsOwn: placed.correlationId !== session.info.correlationId,
    statistics: { roots, leaves, chains },
    tagged: tagged.items.map(({ type }) => type),
  }
}
