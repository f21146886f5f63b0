import { expect, test } from 'vitest'
import { cutLog } from './profile-files.ts'
import { openRig } from './rig.ts'

const DATABASE = 'cut-log'

/** Until the worker has made the browser begin another log: three seconds, and what a busy machine adds. */
const RENEWED_AFTER_MS = 5_000

/** Within the last record: a value of this test takes more. */
const CUT_BYTES = 200

test('EG17 a log of the browser that was cut off: what is stored afterwards is there at the second opening', async () => {
  await using rig = await openRig()
  await write('before')
  cutLog(rig.profile, CUT_BYTES)
  await rig.start()
  const stored = await write('after')
  await rig.start()

  const { keys, violations } = await (await rig.openTab()).evaluate(async (name: string) => {
    const holdfast = await window.holdfast.openHoldfast({ name })
    const session = await holdfast.sessions.open('one')
    const keys = session.state.keys()
    await holdfast.close()
    return { keys, violations: await window.checkLaws(name) }
  }, DATABASE)
  expect(stored.filter((key) => !keys.includes(key))).toEqual([])
  expect(keys.filter((key) => key.startsWith('before')).length).toBeGreaterThan(15)
  expect(violations).toEqual([])

  /** Writes, and closes the browser. */
  async function write(prefix: string): Promise<readonly string[]> {
    const tab = await rig.openTab()
    const written = await tab.evaluate(
      async (name: string, start: string, ms: number) => {
        const holdfast = await window.holdfast.openHoldfast({ name })
        const { items } = await holdfast.sessions.list()
        const session =
          items.length === 0
            ? await holdfast.sessions.create({ id: 'one' })
            : await holdfast.sessions.open('one')
        const keys = Array.from({ length: 20 }, (_, at) => `${start}-${at}`)
        for (const key of keys) {
          const value = crypto.getRandomValues(new Uint8Array(2_000)).join()
          await session.state.set(key, value, { durability: 'strict' })
        }
        await new Promise((resolve) => setTimeout(resolve, ms))
        return keys
      },
      DATABASE,
      prefix,
      RENEWED_AFTER_MS,
    )
    await rig.engine[Symbol.asyncDispose]()
    return written
  }
})
