/**
 * Writers for tests that kill: each write that was acknowledged is told to the server of the page, which outlives the
 * browser. Both functions run in the page and close over nothing.
 */
import '../pages/page-globals.ts'

export interface Receipt {
  readonly kind: 'state' | 'event' | 'artifact' | 'life'
  /** Of one write: which round, and which turn in it. */
  readonly key: string
  /** Of a session's life: the status that was acknowledged. */
  readonly status?: string
}

export interface Findings {
  /** Acknowledged, and not there. */
  readonly missing: readonly string[]
  /** There, and not what was written. */
  readonly torn: readonly string[]
  readonly violations: readonly unknown[]
}

/** Writes state, events, artifacts and the lives of sessions, all at once, until the browser ends. */
export async function startWriters(name: string, round: number): Promise<void> {
  const holdfast = await window.holdfast.openHoldfast({ name })
  const known = await holdfast.sessions.get('written')
  const session = known
    ? await holdfast.sessions.open('written')
    : await holdfast.sessions.create({ id: 'written', name: 'written' })

  const acknowledge = (receipt: Receipt) => fetch('./', { method: 'POST', body: JSON.stringify(receipt) })
  const forever = async (kind: Receipt['kind'], write: (key: string, turn: number) => Promise<unknown>) => {
    for (let turn = 0; ; turn += 1) {
      const key = `${kind}-${round}-${turn}`
      await write(key, turn)
      if (kind !== 'life') await acknowledge({ kind, key })
    }
  }
  const durabilityOf = (turn: number) => (turn % 2 === 0 ? 'strict' : 'relaxed')

  void forever('state', (key, turn) => session.state.set(key, key, { durability: durabilityOf(turn) }))
  void forever('event', (key, turn) => session.emit('it.was', { key }, { durability: durabilityOf(turn) }))
  // Some 100 KB of words that do not compress to nothing: several chunks of bytes, and a row that names them.
  void forever('artifact', (key) =>
    session.artifacts.store({
      name: key,
      content: Array.from({ length: 5_000 }, (_, at) => `${key} ${at}`).join('\n'),
    }),
  )
  void forever('life', async (key) => {
    const one = await holdfast.sessions.create({ id: key, name: key })
    await acknowledge({ kind: 'life', key, status: 'active' })
    await one.suspend()
    await acknowledge({ kind: 'life', key, status: 'suspended' })
    await one.complete()
    await acknowledge({ kind: 'life', key, status: 'completed' })
  })
}

/** Looks for everything that was acknowledged, reads it, and checks the laws. */
export async function findMissing(name: string, receipts: readonly Receipt[]): Promise<Findings> {
  const holdfast = await window.holdfast.openHoldfast({ name })
  const session = await holdfast.sessions.open('written')
  const missing: string[] = []
  const torn: string[] = []

  const events = new Set<unknown>()
  let cursor: string | undefined
  do {
    const page = await session.timeline.query({
      types: ['it.was'],
      limit: 10_000,
      ...(cursor === undefined ? {} : { cursor }),
    })
    for (const { data } of page.items) events.add(data !== null && Reflect.get(Object(data), 'key'))
    cursor = page.cursor
  } while (cursor !== undefined)

  const lives = ['active', 'suspended', 'completed']
  for (const { kind, key, status } of receipts) {
    if (kind === 'state' && session.state.get(key) !== key) missing.push(key)
    if (kind === 'event' && !events.has(key)) missing.push(key)
    if (kind === 'artifact') {
      const [stored] = await session.artifacts.versions(key)
      const written = Array.from({ length: 5_000 }, (_, at) => `${key} ${at}`).join('\n')
      if (stored === undefined) missing.push(key)
      else if ((await stored.text()) !== written) torn.push(key)
    }
    if (kind === 'life') {
      const found = await holdfast.sessions.get(key)
      if (lives.indexOf(found?.status ?? '') < lives.indexOf(status ?? '')) missing.push(`${key} ${status}`)
    }
  }

  await holdfast.close()
  return { missing, torn, violations: await window.checkLaws(name) }
}
