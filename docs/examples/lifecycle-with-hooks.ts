/** A session's life, gated by hooks of this page. */
import { HoldfastError, openHoldfast } from 'holdfast'

export async function lifecycleWithHooks(name: string) {
  await using holdfast = await openHoldfast({ name })

  const off = holdfast.hooks.before(
    'session:complete',
    ({ session }, { cancel }) =>
      session?.tags.includes('reviewed') ? undefined : cancel('a review is missing'),
    { id: 'needs-review', version: 1 },
  )

  const session = await holdfast.sessions.create({ name: 'Report', tags: ['draft'] })
  await session.suspend()
  await session.resume()

  const refusal = await session.complete().catch((error: unknown) => error)
  await session.edit({ tags: ['reviewed'] })
  await session.complete()
  off()

  const events = await session.timeline.query({ types: ['session.*'] })
  return {
    refusedWith: refusal instanceof HoldfastError ? refusal.code : 'nothing',
    status: session.info.status,
    story: events.items.map(({ type }) => type),
  }
}
