import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createProfile, startChromium } from './harness/chromium.ts'
import { buildFixture } from './harness/fixture.ts'
import { serveFolder } from './harness/static-server.ts'
import './page-globals.ts'

/** By the way that each comes in; all have the shape of a key. */
const SECRETS = {
  state: 'sk-ant-api03-STATEstateSTATEstateSTATEstate0000000001',
  input: 'sk-ant-api03-INPUTinputINPUTinputINPUTinput0000000002',
  event: 'sk-ant-api03-EVENTeventEVENTeventEVENTevent0000000003',
  error: 'sk-ant-api03-ERRORerrorERRORerrorERRORerror0000000004',
  name: 'sk-ant-api03-NAMEEnameeNAMEEnameeNAMEEnamee0000000005',
}

/** What comes in by the same ways and is no secret: where these are not found, nothing would be. */
const OPEN = {
  state: 'open-state-7f3a',
  input: 'open-input-7f3a',
  event: 'open-event-7f3a',
  error: 'open-error-7f3a',
  name: 'open-name-7f3a',
}

/** How often each text stands in the files of a browser, in either way of writing it. */
function countInFiles(folder: string, texts: Readonly<Record<string, string>>) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.includes('IndexedDB'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
  const countOf = (needle: Buffer) =>
    files.reduce((sum, content) => {
      let count = 0
      for (let at = content.indexOf(needle); at >= 0; at = content.indexOf(needle, at + 1)) count += 1
      return sum + count
    }, 0)
  return Object.fromEntries(
    Object.entries(texts).map(([way, text]) => [
      way,
      countOf(Buffer.from(text, 'utf8')) + countOf(Buffer.from(text, 'utf16le')),
    ]),
  )
}

test("RD18 a secret stands nowhere in the database's files, in what is read, watched or replayed, but in its one sensitive place", async () => {
  using profile = createProfile()
  await using site = await serveFolder(await buildFixture('plain'))
  await using browser = await startChromium({ profile })
  const page = await browser.context.newPage()
  await page.goto(site.origin)
  await page.waitForFunction(() => window.holdfast !== undefined)

  const told = await page.evaluate(
    async ({ secrets, open }) => {
      const holdfast = await window.holdfast.openHoldfast({ name: 'secrets' })
      const session = await holdfast.sessions.create({ name: 'about secrets' })
      const seen: unknown[] = []
      const watch = session.timeline.watch()
      const watching = (async () => {
        for await (const event of watch) seen.push(event)
      })()

      await session.state.set('login', `${open.state} is not told`, { class: 'sensitive' })
      await session.state.set('login', secrets.state, { class: 'sensitive' })
      await session.state.set('plain', open.state)
      const look = {
        id: 'tool:look',
        version: 1,
        purity: 'pure' as const,
        run: ({ fails }: { fails: boolean; question: string; header: string }) => {
          if (fails) throw new Error(`${open.error}: refused ${secrets.error}`)
          return 'found'
        },
      }
      const input = { question: open.input, header: `Bearer ${secrets.input}` }
      await session.step(look, { ...input, fails: false })
      await session.step(look, { ...input, fails: true }).catch(() => undefined)
      await session.emit(
        'app.said',
        { text: `${open.event} ${secrets.event}`, apiKey: secrets.event, uses: { [secrets.event]: 3 } },
        { tags: [secrets.event], target: secrets.event },
      )
      const stored = await session.artifacts.store({
        name: `${open.name} ${secrets.name}.txt`,
        description: secrets.name,
        tags: [secrets.name],
        metadata: { key: secrets.name },
        content: 'no secret',
      })
      await session.artifacts.edit({ id: stored.id }, { description: `again ${secrets.name}` })
      const checkpoint = await session.save({ label: 'with all' })
      const last = (await session.timeline.query({ limit: 1_000 })).items.at(-1)
      const past = last === undefined ? undefined : await session.at(last.id)
      const report = await session.replay({ mode: 'exact' }).report
      const readable = [
        seen,
        (await session.timeline.query({ limit: 1_000 })).items,
        (await session.artifacts.list()).items.map((artifact) => ({ ...artifact })),
        Object.fromEntries(session.state.entries()),
        session.info,
        checkpoint,
        past?.info,
        report,
        await holdfast.hooks.metrics(),
      ]
      const value = await session.state.read('login')
      await holdfast.flush()
      await watch.return()
      await watching
      return { text: JSON.stringify(readable), value, name: stored.name }
    },
    { secrets: SECRETS, open: OPEN },
  )

  for (const secret of Object.values(SECRETS)) expect(told.text).not.toContain(secret)
  for (const text of Object.values(OPEN)) expect(told.text).toContain(text)
  expect(told.value).toBe(SECRETS.state)
  expect(told.name).toBe(`${OPEN.name} [REDACTED].txt`)

  const { state, ...others } = countInFiles(profile.folder, SECRETS)
  expect(others).toEqual({ input: 0, event: 0, error: 0, name: 0 })
  expect(state).toBeGreaterThan(0)
  for (const [way, count] of Object.entries(countInFiles(profile.folder, OPEN)))
    expect([way, count > 0]).toEqual([way, true])

  /** The object stores that hold the sensitive value, as text or as bytes. */
  const places = await page.evaluate(async (secret) => {
    const opened = indexedDB.open('secrets')
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      opened.onsuccess = () => resolve(opened.result)
      opened.onerror = () => reject(opened.error)
    })
    const found: string[] = []
    const holds = (value: unknown): boolean => {
      if (typeof value === 'string') return value.includes(secret)
      if (value instanceof ArrayBuffer) return new TextDecoder('latin1').decode(value).includes(secret)
      if (ArrayBuffer.isView(value)) return new TextDecoder('latin1').decode(value).includes(secret)
      return typeof value === 'object' && value !== null && Object.values(value).some(holds)
    }
    for (const store of database.objectStoreNames) {
      const rows = await new Promise<unknown[]>((resolve) => {
        const all = database.transaction(store).objectStore(store).getAll()
        all.onsuccess = () => resolve(all.result)
      })
      for (const row of rows) if (holds(row)) found.push(store)
    }
    database.close()
    return found
  }, SECRETS.state)
  expect(places).toEqual(['chunks'])
})
