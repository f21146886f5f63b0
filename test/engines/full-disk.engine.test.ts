import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { buildFixture } from '../pages/harness/fixture.ts'
import { serveFolder } from '../pages/harness/static-server.ts'
import { createDisk } from './disk.ts'
import { type Tab, waitFor } from './driver/engine.ts'
import { startEngine } from './driver/start.ts'

const DATABASE = 'full-disk'
const DISK_MB = 300

/** Of one value each, and what is left on the disk as the page begins to fill it: the log ends in a large record or in a small one. */
const FILLINGS = [
  { bytes: 20_000, leftBytes: 2_000_000 },
  { bytes: 300, leftBytes: 200_000 },
]

/** For how long the page tries to store something on the full disk. */
const FULL_FOR_MS = 12_000

/** A page that could not open its database tries again each 15 seconds. */
const AGAIN_WITHIN_MS = 30_000

const PAGE = '/?no-service-worker'

const rounds = Array.from({ length: inject('rounds') }, (_, at) => at + 1).flatMap((round) =>
  FILLINGS.flatMap((filling) => [false, true].map((reloads) => ({ round, ...filling, reloads }))),
)

test.each(rounds)(
  'EG18 a disk full to the last byte: what was acknowledged before, meanwhile and afterwards is there (round $round, values of $bytes bytes, reloaded meanwhile: $reloads)',
  async ({ round, bytes, leftBytes, reloads }) => {
    await using site = await serveFolder(await buildFixture('plain'))
    using disk = createDisk(DISK_MB)
    const profile = join(disk.folder, 'profile')
    const stored: string[] = []
    {
      await using engine = await startEngine(inject('engine'), { profile, keeps: site.origin })
      const tab = await engine.openTab(site.origin + PAGE)
      await isReady(tab)
      await open(tab)
      stored.push(...(await write(tab, 'before', bytes, 4_000)).stored)
      const makeRoom = disk.fillUp(leftBytes)
      const full = await write(tab, 'full', bytes, FULL_FOR_MS)
      stored.push(...full.stored)
      let reopened = 'not tried'
      if (reloads) {
        await tab.reload()
        await isReady(tab)
        reopened = await open(tab)
      }
      makeRoom()
      if (reopened === 'not tried') await waitFor(tab, isOk, AGAIN_WITHIN_MS)
      else if (reopened !== 'open') await expect.poll(() => open(tab)).toBe('open')
      const after = await write(tab, 'after', bytes, 2_000)
      stored.push(...after.stored)
      console.log(
        `${inject('engine')}, round ${round}: ${full.stored.length} stored until it was full, then ` +
          `${full.codes.join(', ')}; reopened: ${reopened}; ${after.stored.length} afterwards`,
      )
      expect(full.codes).not.toContain('STORAGE_LOST')
      expect(after.codes).toEqual([])
    }
    // What is stored behind a record that was cut off is lost at the second opening, not at the first.
    for (const _ of ['first', 'second']) {
      await using engine = await startEngine(inject('engine'), { profile, keeps: site.origin })
      const tab = await engine.openTab(site.origin + PAGE)
      await isReady(tab)
      const { keys, violations, written } = await tab.evaluate(readAll, DATABASE)
      console.log(`${inject('engine')}, round ${round}, started anew: a write is ${written}`)
      expect(stored.filter((key) => !keys.includes(key))).toEqual([])
      expect(violations).toEqual([])
    }
  },
)

function isReady(tab: Tab): Promise<void> {
  return waitFor(tab, () => window.holdfast !== undefined)
}

/** @returns `open`, or the code of the error */
function open(tab: Tab): Promise<string> {
  return tab.evaluate(async (name: string) => {
    try {
      const holdfast = await window.holdfast.openHoldfast({ name })
      const { items } = await holdfast.sessions.list()
      const session =
        items.length === 0
          ? await holdfast.sessions.create({ id: 'filled' })
          : await holdfast.sessions.open('filled')
      Object.assign(window, { filling: { holdfast, session } })
      return 'open'
    } catch (error) {
      return String((error as { code?: string }).code)
    }
  }, DATABASE)
}

function isOk(): boolean {
  return Reflect.get(window, 'filling').holdfast.storage.state === 'ok'
}

interface Written {
  readonly stored: readonly string[]
  /** Of what failed, each once. */
  readonly codes: readonly string[]
}

/** Writes values of random letters for so long. What has no answer then is not waited for. */
function write(tab: Tab, prefix: string, bytes: number, forMs: number): Promise<Written> {
  return tab.evaluate(
    async (name: string, size: number, ms: number) => {
      const { session } = Reflect.get(window, 'filling')
      const stored: string[] = []
      const codes = new Set<string>()
      const until = performance.now() + ms
      for (let turn = 0; performance.now() < until; turn += 1) {
        const key = `${name}-${turn}`
        const value = Array.from(crypto.getRandomValues(new Uint8Array(size)), (byte) => byte.toString(36))
        const durability = turn % 2 === 0 ? 'strict' : 'relaxed'
        const storing = session.state.set(key, value.join(''), { durability }).then(
          () => stored.push(key),
          (error: { code: string }) => codes.add(error.code),
        )
        const waiting = new Promise((resolve) => setTimeout(resolve, until - performance.now()))
        await Promise.race([storing, waiting])
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      return { stored, codes: [...codes] }
    },
    prefix,
    bytes,
    forMs,
  )
}

async function readAll(name: string) {
  const holdfast = await window.holdfast.openHoldfast({ name })
  const session = await holdfast.sessions.open('filled')
  await session.state.ready
  const keys = session.state.keys()
  const written = await session.state.set('read', Date.now()).then(
    () => 'stored',
    (error: { code: string }) => error.code,
  )
  await holdfast.close()
  return { keys, written, violations: await window.checkLaws(name) }
}
