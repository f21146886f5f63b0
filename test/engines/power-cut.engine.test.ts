import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { buildFixture } from '../pages/harness/fixture.ts'
import { serveFolder } from '../pages/harness/static-server.ts'
import { createDisk } from './disk.ts'
import { type Tab, waitFor } from './driver/engine.ts'
import { startEngine } from './driver/start.ts'
import {
  type Progress,
  readRaw,
  readSession,
  SIZES,
  STRICT_EVERY,
  writeRaw,
  writeSessions,
} from './power-cut-writers.ts'

/** The power goes with the acknowledgement of a strict write, but not of one of the first. */
const FIRST_STRICT = 8
const STRICT_AT_RANDOM = 20

/** When the barrier after a relaxed write has passed for certain: 250 ms, and what a busy machine adds. */
const BARRIER_HAS_PASSED_MS = 3_000

const rounds = Array.from({ length: inject('rounds') }, (_, at) => ({ round: at + 1 }))

/** Without a service worker: where one fails after the cut, Firefox may clear the whole site (docs/engines.md). */
const PAGE = '/?no-service-worker'

/** From here on a relaxed write is not carried by a later strict one in Chromium; the journal has none that large. */
const LARGE_BYTES = 65_536

test.each(rounds)(
  'EG9 power cut: a strict transaction is there and carried all relaxed ones before it, but for their large values; of those after it, the first ones are there (round $round)',
  async ({ round }) => {
    const { told, found } = await cutPower(
      'raw',
      (tab) => tab.evaluate(writeRaw, SIZES, STRICT_EVERY),
      (tab) => tab.evaluate(readRaw, SIZES),
    )

    const acknowledged = told.at(-1)?.upTo ?? 0
    const isCarried = (turn: number) =>
      turn % STRICT_EVERY === 0 || (SIZES[turn % SIZES.length] ?? 0) < LARGE_BYTES
    const carried = found.withoutValue.filter((turn) => turn <= acknowledged && isCarried(turn))
    show(
      round,
      `IndexedDB: ${acknowledged} acknowledged by strict, ${found.upTo} found, ` +
        `${found.withoutValue.filter((turn) => turn <= acknowledged).length} of them without their value`,
    )
    expect(found.upTo).toBeGreaterThanOrEqual(acknowledged)
    expect(found.beyond).toEqual([])
    expect(carried).toEqual([])
  },
)

test.each(rounds)(
  'EG10 power cut: a strict write of a session is there with all before it, a relaxed one once the barrier has passed, and the laws are kept (round $round)',
  async ({ round }) => {
    const { told, cutAtMs, found } = await cutPower(
      'mixed',
      (tab) => tab.evaluate(writeSessions, STRICT_EVERY),
      async (tab) => ({
        mixed: await tab.evaluate(readSession, 'mixed'),
        relaxed: await tab.evaluate(readSession, 'relaxed'),
      }),
    )

    const last = (by: Progress['by'], untilMs: number) =>
      told.findLast((one) => one.by === by && one.atMs <= untilMs)?.upTo ?? 0
    const strict = last('mixed', cutAtMs)
    const relaxed = last('relaxed', cutAtMs)
    const passed = last('relaxed', cutAtMs - BARRIER_HAS_PASSED_MS)
    show(
      round,
      `sessions: ${strict} acknowledged by strict, ${found.mixed.upTo} found; ` +
        `${relaxed} acknowledged relaxed, ${passed} of them before the barrier, ${found.relaxed.upTo} found`,
    )
    expect(found.mixed.upTo).toBeGreaterThanOrEqual(strict)
    expect(found.relaxed.upTo).toBeGreaterThanOrEqual(passed)
    expect([found.mixed, found.relaxed].flatMap(({ beyond }) => beyond)).toEqual([])
    expect([found.mixed, found.relaxed].flatMap(({ unreadable }) => unreadable)).toEqual([])
    expect([found.mixed, found.relaxed].flatMap(({ violations }) => violations)).toEqual([])
  },
)

interface Cut<Found> {
  /** What was acknowledged before the cut, in order. */
  readonly told: readonly (Progress & { readonly atMs: number })[]
  readonly cutAtMs: number
  readonly found: Found
}

/**
 * Writes in a browser whose profile is on a disk of its own, cuts the power of that disk, and reads in another browser
 * what a machine finds that is switched on again.
 */
async function cutPower<Found>(
  by: Progress['by'],
  write: (tab: Tab) => Promise<void>,
  read: (tab: Tab) => Promise<Found>,
): Promise<Cut<Found>> {
  const told: (Progress & { readonly atMs: number })[] = []
  const strictUntilCut = FIRST_STRICT + Math.floor(Math.random() * STRICT_AT_RANDOM)
  let strict = 0
  let settle = (_cutAtMs: number) => {}
  let fail = (_failure: Error) => {}
  const cut = new Promise<number>((resolve, reject) => {
    settle = resolve
    fail = reject
  })
  const receive = (text: string) => {
    const progress: Progress = JSON.parse(text)
    if (strict > strictUntilCut) return
    if (progress.failure !== undefined) return fail(new Error(`${progress.by}: ${progress.failure}`))
    told.push({ ...progress, atMs: performance.now() })
    if (progress.by === by && progress.strict) strict += 1
    if (strict <= strictUntilCut) return
    writing.freeze()
    settle(performance.now())
  }

  await using site = await serveFolder(await buildFixture('plain'), {}, receive)
  using disk = createDisk()
  await using writing = await startEngine(inject('engine'), { profile: join(disk.folder, 'profile') })
  const tab = await writing.openTab(site.origin + PAGE)
  await waitFor(tab, () => window.holdfast !== undefined)
  await write(tab)
  const cutAtMs = await cut
  using left = disk.cutPower()
  await writing.kill()

  await using reading = await startEngine(inject('engine'), { profile: join(left.folder, 'profile') })
  const again = await reading.openTab(site.origin + PAGE)
  await waitFor(again, () => window.holdfast !== undefined)
  const found = await read(again)
  await reading.kill()
  return { told, cutAtMs, found }
}

function show(round: number, line: string): void {
  console.log(`${inject('engine')}, round ${round}: ${line}`)
}
