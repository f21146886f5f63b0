import { expect, inject, test } from 'vitest'
import type { Tab } from './driver/engine.ts'
import { openRig } from './rig.ts'

const DATABASE = 'full'

/** Stores artifacts of random bytes until one is refused; says how that was refused, and how many are there. */
function fillUp(tab: Tab, bytes: number) {
  return tab.evaluate(
    async (name: string, size: number) => {
      const holdfast = await window.holdfast.openHoldfast({ name })
      const kept = await holdfast.sessions.create({ id: 'kept', name: 'kept' })
      const filled = await holdfast.sessions.create({ id: 'filled', name: 'filled' })
      await kept.state.set('note', 'before')
      // What is kept to be given up is stored once nothing else has to be.
      await new Promise((resolve) => setTimeout(resolve, 4_500))
      const content = new Uint8Array(size)
      let code = 'stored'
      let stored = 0
      while (code === 'stored' && stored < 400) {
        for (let at = 0; at < size; at += 60_000) crypto.getRandomValues(content.subarray(at, at + 60_000))
        code = await filled.artifacts.store({ name: `piece-${stored}.bin`, content }).then(
          () => 'stored',
          (error: { code: string }) => error.code,
        )
        if (code === 'stored') stored += 1
      }
      const { items } = await filled.artifacts.list({ limit: 500 })
      await holdfast.close()
      return { code, missing: stored - items.length }
    },
    DATABASE,
    bytes,
  )
}

test.each([
  { what: 'large artifacts', bytes: 1_500_000 },
  { what: 'small ones', bytes: 60_000 },
])(
  'EG15 a quota that is used up is QUOTA_EXCEEDED in every engine, nothing is half stored, and deleting still works: $what',
  async ({ bytes }) => {
    await using rig = await openRig({ quotaBytes: 16_000_000 })
    const tab = await rig.openTab()

    expect(await fillUp(tab, bytes)).toEqual({ code: 'QUOTA_EXCEEDED', missing: 0 })

    // It takes nothing more in the same run, whatever was deleted.
    const isStuck = inject('engine') === 'webkit' && bytes < 65_536
    if (isStuck) {
      await rig.engine[Symbol.asyncDispose]()
      await rig.start()
    }
    const seen = await (isStuck ? await rig.openTab() : tab).evaluate(async (name: string) => {
      const holdfast = await window.holdfast.openHoldfast({ name })
      const kept = await holdfast.sessions.open('kept')
      const filled = await holdfast.sessions.open('filled')
      await filled.delete()
      await kept.state.set('note', 'after')
      const left = (await holdfast.sessions.list()).items.map(({ id }) => id)
      await holdfast.close()
      return { left, violations: await window.checkLaws(name) }
    }, DATABASE)
    expect(seen).toEqual({ left: ['kept'], violations: [] })
  },
)
