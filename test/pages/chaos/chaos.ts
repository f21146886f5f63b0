/** Tabs that are opened and closed at random while all of them write: what they did, and what is found afterwards. */
import type { BrowserContext, Page } from 'playwright-core'
import '../page-globals.ts'
import type { Finding, History, Operation } from './history.ts'

export interface ChaosOptions {
  readonly context: BrowserContext
  readonly address: string
  readonly database: string
  readonly durationMs: number
  /** Writing tabs at a time, beside the two that stay. */
  readonly tabs: number
  /** Numbers from 0 to 1. */
  readonly random: () => number
}

export interface Chaos extends History {
  readonly opened: number
  readonly closed: number
  /** Of the writing, in milliseconds. */
  readonly lastedMs: number
  /** What `checkLaws` says. */
  readonly violations: readonly unknown[]
}

/** Operations that a tab begins at once. */
const BATCH = 30

type Noted =
  | { readonly kind: 'begun'; readonly ids: readonly string[] }
  | { readonly kind: 'acknowledged' | 'refused'; readonly id: string; readonly code?: string }

/** Two tabs stay and listen, and write too; the others come and go, half of them in the middle of a batch. */
export async function runChaos(options: ChaosOptions): Promise<Chaos> {
  const { context, durationMs, random } = options
  const operations = new Map<string, Operation>()
  let moments = 0
  await context.exposeFunction('note', (noted: Noted) => {
    moments += 1
    if (noted.kind === 'begun') {
      for (const id of noted.ids) operations.set(id, begun(id, moments))
      return
    }
    const operation = operations.get(noted.id)
    if (operation === undefined) return
    const outcome: Operation['outcome'] =
      noted.kind === 'acknowledged'
        ? { kind: 'acknowledged', at: moments }
        : noted.code === 'OUTCOME_UNKNOWN'
          ? { kind: 'unknown' }
          : { kind: 'refused', code: noted.code ?? '' }
    operations.set(noted.id, { ...operation, outcome })
  })

  const observers = [await openTab(options, 'stays-1', true), await openTab(options, 'stays-2', false)]
  for (const page of observers) await listen(page)
  for (const page of observers) await write(page)
  const start = performance.now()
  let opened = 0
  let closed = 0
  await Promise.all(
    Array.from({ length: options.tabs }, async (_, place) => {
      while (performance.now() - start < durationMs) {
        opened += 1
        const page = await openTab(options, `goes-${place}-${opened}`, false)
        await write(page)
        await page.waitForTimeout(500 + random() * 1_500)
        // Without a word: no handle is closed, no batch is waited for.
        await page.close()
        closed += 1
      }
    }),
  )
  for (const page of observers) await stopWriting(page)
  const lastedMs = performance.now() - start
  const findings: Finding[] = []
  for (const page of observers) findings.push(await find(page))
  const [first] = observers
  const violations = (await first?.evaluate((name) => window.checkLaws(name), options.database)) ?? []
  return { operations: [...operations.values()], findings, opened, closed, lastedMs, violations }
}

function begun(id: string, begunAt: number): Operation {
  const [tab = '', kind] = id.split(':')
  const outcome = { kind: 'unknown' } as const
  return { id, tab, begunAt, outcome, ...(kind === 'key' ? { key: tab } : {}) }
}

async function openTab(
  { context, address, database }: ChaosOptions,
  tab: string,
  isFirst: boolean,
): Promise<Page> {
  const page = await context.newPage()
  await page.goto(address)
  await page.waitForFunction(() => window.holdfast !== undefined)
  await page.evaluate(
    async (given) => {
      const holdfast = await window.holdfast.openHoldfast({ name: given.database })
      const session = given.isFirst
        ? await holdfast.sessions.create({ id: 'chaos' })
        : await holdfast.sessions.open('chaos')
      Object.assign(window, { chaos: { holdfast, session, tab: given.tab, told: [], stopped: false } })
    },
    { database, tab, isFirst },
  )
  return page
}

async function listen(page: Page): Promise<void> {
  await page.evaluate(() => {
    const { session, told } = Reflect.get(window, 'chaos')
    void (async () => {
      for await (const event of session.timeline.watch({ types: ['it.*'] })) told.push(event.data)
    })()
  })
}

/** Begins to write batch after batch: events, and one write of the tab's own key at the end of each. */
async function write(page: Page): Promise<void> {
  await page.evaluate((batch) => {
    const here = Reflect.get(window, 'chaos')
    const { session, tab } = here
    const note: (noted: Noted) => Promise<void> = Reflect.get(window, 'note')
    const perform = async (id: string, work: Promise<unknown>) => {
      await work.then(
        () => note({ kind: 'acknowledged', id }),
        (error) => note({ kind: 'refused', id, code: error.code }),
      )
    }
    here.writing = (async () => {
      for (let turn = 0; !here.stopped; turn += 1) {
        const events = Array.from({ length: batch }, (_, at) => `${tab}:event:${turn}:${at}`)
        const key = `${tab}:key:${turn}`
        await note({ kind: 'begun', ids: [...events, key] })
        await Promise.all([
          ...events.map((id) => perform(id, session.emit('it.was', id))),
          perform(key, session.state.set(tab, key)),
        ])
      }
    })()
  }, BATCH)
}

async function stopWriting(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const here = Reflect.get(window, 'chaos')
    here.stopped = true
    await here.writing
  })
}

/** What the tab has by now; it waits until it was told of as much as is stored. */
async function find(page: Page): Promise<Finding> {
  return page.evaluate(async () => {
    const { session, tab, told } = Reflect.get(window, 'chaos')
    const log: string[] = []
    for (let cursor: string | undefined; ; ) {
      const found = await session.timeline.query({
        types: ['it.*'],
        limit: 10_000,
        ...(cursor && { cursor }),
      })
      log.push(...found.items.map(({ data }: { data: string }) => data))
      cursor = found.cursor
      if (cursor === undefined) break
    }
    const limit = performance.now() + 15_000
    while (told.length < log.length && performance.now() < limit) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return { tab, log, told: [...told], state: Object.fromEntries(session.state.entries()) }
  })
}
