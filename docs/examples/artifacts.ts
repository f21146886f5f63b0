/** Artifacts: bytes under names, in versions. */
import { openHoldfast } from 'holdfast'

export async function artifacts(name: string) {
  await using holdfast = await openHoldfast({ name })
  const session = await holdfast.sessions.create({ name: 'Sales' })

  const first = await session.artifacts.store({
    name: 'sales.csv',
    kind: 'user_input',
    content: new Blob(['region,total\nnorth,12\n'], { type: 'text/csv' }),
    tags: ['raw'],
  })
  const second = await session.artifacts.store({ name: 'sales.csv', content: 'region,total\nnorth,13\n' })

  const newest = await session.artifacts.get({ name: 'sales.csv' })
  const before = await session.artifacts.get({ name: 'sales.csv', version: 1 })
  const header = await new Response(second.stream({ start: 0, end: 12 })).text()
  const raw = await session.artifacts.list({ tags: ['raw'], name: '*.csv' })
  return {
    versions: [first.version, second.version],
    newest: await newest?.text(),
    before: await before?.text(),
    header,
    raw: raw.items.map((artifact) => artifact.name),
  }
}
