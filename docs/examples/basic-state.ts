/** A session that keeps state, closes, and has it again when it is opened the next time. */
import { openHoldfast } from 'holdfast'

export async function basicState(name: string) {
  const holdfast = await openHoldfast({ name, actor: { id: 'ada' } })
  const session = await holdfast.sessions.create({
    name: 'Q4 sales',
    tags: ['sales'],
    metadata: { ticket: 4711 },
  })

  const seen: string[] = []
  const stop = session.state.subscribe(({ key, source }) => {
    seen.push(`${key} ${source}`)
  })
  const stored = session.state.set('last_command', 'load sales.csv')
  const atOnce = session.state.get('last_command') // shown before it is stored
  await stored // stored: it survives the tab, the worker and the browser
  stop()

  await holdfast.state({ scope: 'global' }).set('theme', 'dark')
  await holdfast.close()

  await using again = await openHoldfast({ name })
  const reopened = await again.sessions.open(session.id)
  return { atOnce, after: reopened.state.get('last_command'), tags: reopened.info.tags, seen }
}
