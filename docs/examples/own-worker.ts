/** A page that brings its own worker. */
import { HoldfastError, openHoldfast } from 'holdfast'

export async function ownWorker(name: string) {
  await using holdfast = await openHoldfast({
    name,
    worker: () => new Worker(new URL('./own-worker.worker.ts', import.meta.url), { type: 'module' }),
  })
  const session = await holdfast.sessions.create({ name: 'Uploads' })
  await session.artifacts.store({ name: 'small.txt', content: 'fits' })
  const refusal = await session.artifacts
    .store({ name: 'large.txt', content: 'x'.repeat(2_000) })
    .catch((error: unknown) => error)
  return {
    refusedWith: refusal instanceof HoldfastError ? refusal.code : 'nothing',
    reason: refusal instanceof HoldfastError ? refusal.details.reason : undefined,
  }
}
