/** What a watch over all sessions sees of a session that a page opens before the word of its rows comes. */
import 'fake-indexeddb/auto'
import { expect, test, vi } from 'vitest'
import { sessionStream } from '../../src/core/ids.ts'
import type { StoredMessage } from '../../src/sync/tab-message.ts'
import { seeded } from '../seeded.ts'
import { toldTabs } from './told-tabs.ts'

test.each(['carries the row', 'only names the row'])(
  'TA4 a watch over all sessions sees what was stored before a page opened its session, where the word that %s comes after that',
  async (what) => {
    const { first, reader, hear, unseen, emit, heard } = await toldTabs()
    await emit(first.tab, unseen, 1)
    const [message] = first.told()
    reader.send({ type: 'attach', stream: sessionStream(unseen) })
    const opened = await reader.call('sessions.open', { id: unseen })
    expect(opened.record.counters.events).toBe(2)

    const { carried: _, ...bare } = message ?? {}
    hear(what === 'carries the row' ? message : bare)
    await expect.poll(heard).toEqual([1])
  },
)

test.each(['carry the rows', 'only name the rows'])(
  'TA4 what was stored before a page opened its session comes before what was stored after, where messages %s',
  async (what) => {
    const { first, reader, hear, unseen, emit, heard } = await toldTabs()
    await emit(first.tab, unseen, 1)
    const early = first.told()
    reader.send({ type: 'attach', stream: sessionStream(unseen) })
    await reader.call('sessions.open', { id: unseen })
    await emit(first.tab, unseen, 2)
    for (const { carried, ...bare } of [...early, ...first.told()])
      hear(what === 'carry the rows' ? { ...bare, carried } : bare)
    await expect.poll(() => heard().length).toBeGreaterThan(1)
    expect(heard()).toEqual([1, 2])
  },
)

test('TA4 what was stored before a page opened its session comes before what was stored after, where the word of it comes last', async () => {
  const { writers, first, reader, hear, unseen, emit, heard } = await toldTabs(2)
  const [, third] = writers
  if (third === undefined) throw new Error('no third tab')
  await emit(first.tab, unseen, 1)
  const early = first.told()
  reader.send({ type: 'attach', stream: sessionStream(unseen) })
  await reader.call('sessions.open', { id: unseen })
  await emit(third.tab, unseen, 2)
  await emit(first.tab, unseen, 3)
  for (const message of third.told()) hear(message)
  await expect.poll(heard).toEqual([1, 2, 3])
  // Their words change nothing more.
  for (const message of [...early, ...first.told()]) hear(message)
  await emit(third.tab, unseen, 4)
  for (const message of third.told()) hear(message)
  await expect.poll(heard).toEqual([1, 2, 3, 4])
})

test('TA4 what was stored before a page opened its session comes before what its own tab stores', async () => {
  const { first, reader, hear, unseen, emit, heard } = await toldTabs()
  await emit(first.tab, unseen, 1)
  const early = first.told()
  reader.send({ type: 'attach', stream: sessionStream(unseen) })
  await reader.call('sessions.open', { id: unseen })
  await emit(reader, unseen, 2)
  for (const message of early) hear(message)
  await emit(reader, unseen, 3)
  await expect.poll(heard).toEqual([1, 2, 3])
})

const SEEDS = 60
const EVENTS = 6

test('TA4 in whatever order words come about an opening, a watch over all sessions sees all that was stored, once, what one tab stored in its order', async () => {
  const { writers, first, reader, hear, emit, heard } = await toldTabs(2)
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const random = seeded(seed)
    const below = (limit: number) => Math.floor(random() * limit)
    const { id } = (await first.tab.call('sessions.create', { name: `session ${seed}` })).record
    for (const { told } of writers) for (const message of told()) hear(message)
    const before = heard().length
    const words: StoredMessage[][] = writers.map(() => [])
    const stored: number[][] = writers.map(() => [])
    const steps: string[] = []
    let opened: Promise<unknown> | undefined
    while (opened === undefined || stored.flat().length < EVENTS || words.flat().length > 0) {
      const at = below(writers.length)
      const what = below(5)
      if (what < 2 && stored.flat().length < EVENTS) {
        const data = seed * 1_000 + at * 100 + (stored[at]?.length ?? 0)
        await emit((writers[at] ?? first).tab, id, data)
        stored[at]?.push(data)
        words[at]?.push(...(writers[at]?.told() ?? []))
        steps.push(`${data} stored`)
      } else if (what === 4) {
        if (opened === undefined) reader.send({ type: 'attach', stream: sessionStream(id) })
        opened ??= reader.call('sessions.open', { id })
        steps.push('opened')
      } else {
        const { carried, ...bare } = words[at]?.shift() ?? {}
        const word = what === 2 ? { ...bare, carried } : bare
        hear(word)
        steps.push(`word ${JSON.stringify(word)}`)
      }
      if (below(3) === 0) await new Promise((resolve) => setTimeout(resolve, below(6)))
    }
    await opened
    await vi.waitFor(() => {
      const seen = heard().slice(before)
      const ofTab = stored.map((own) => seen.filter((data) => own.includes(Number(data))))
      expect([ofTab, seen.length], `seed ${seed}: ${steps.join('; ')}`).toEqual([stored, EVENTS])
    })
  }
})
