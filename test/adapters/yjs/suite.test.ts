import * as prng from 'lib0/prng'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { applyRandomTests, type TestYInstance } from 'yjs/testHelper'
import { RANDOM_EDITS } from './suite-edits.ts'
import { type SuiteTransport, startTransport } from './suite-transport.ts'

/** `YJS_SEED` runs one seed again, `YJS_ROUNDS` that many new ones; `npm run test:yjs` runs 200. */
const { YJS_SEED, YJS_ROUNDS = '3', YJS_EDITS = '100' } = process.env
const SEEDS =
  YJS_SEED === undefined
    ? Array.from({ length: Number(YJS_ROUNDS) }, () => Math.floor(Math.random() * 2 ** 31))
    : [Number(YJS_SEED)]

// The suite runs without a pause, so a promise would never get its turn: what waits for the next one is a microtask too.
vi.mock('../../../src/core/next-turn.ts', () => ({
  nextTurn: (work: () => void) => globalThis.queueMicrotask(work),
}))

const microtask = globalThis.queueMicrotask
let transport: SuiteTransport

beforeAll(async () => {
  // The suite says each second time that it does without v2.
  vi.spyOn(console, 'error').mockImplementation(() => {})
  transport = await startTransport()
}, 120_000)

afterAll(async () => {
  globalThis.queueMicrotask = microtask
  await transport.stop()
})

test.each(SEEDS)(
  'YD15 the randomised suite of Yjs holds over the transport of documents, seed %i',
  (seed) => {
    const random = prng.create(seed)
    // Users are made by the suite, five a run.
    const attach = (user: TestYInstance) => transport.attach(user, `seed-${seed}`)
    try {
      applyRandomTests({ prng: random }, RANDOM_EDITS, Number(YJS_EDITS), attach)
    } finally {
      globalThis.queueMicrotask = microtask
    }
    expect(transport.errors()).toEqual([])
  },
  60_000,
)
