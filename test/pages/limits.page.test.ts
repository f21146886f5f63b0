import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { openPlain } from './open-plain.ts'

const LIMIT = 100

const open = (page: Page, id: string) =>
  page.evaluate(async (sessionId) => {
    const holdfast = await window.holdfast.openHoldfast({ name: 'limits' })
    const session = await holdfast.sessions.open(sessionId)
    Object.assign(window, { running: { holdfast, session } })
  }, id)

/** What became of so many calls of each kind, a few or all of them at a time. */
const callMany = (page: Page, calls: number, atOnce: number) =>
  page.evaluate(
    async ({ calls, atOnce }) => {
      const { session } = Reflect.get(window, 'running')
      const outcomes: string[] = []
      const act = async (at: number) => {
        if (at % 3 === 0) return session.state.set(`key-${crypto.randomUUID()}`, at)
        if (at % 3 === 1) return session.emit('app.worked', at)
        return session.step({ id: 'tool:none', version: 1, purity: 'pure', run: () => undefined }, null)
      }
      for (let at = 0; at < calls; at += atOnce) {
        const some = Array.from({ length: Math.min(atOnce, calls - at) }, (_, one) => act(at + one))
        for (const one of await Promise.allSettled(some)) {
          if (one.status === 'fulfilled') outcomes.push('passed')
          else {
            const { code, details, name } = one.reason
            outcomes.push(`${name} ${code} ${details.limit} ${details.max}`)
          }
        }
      }
      return outcomes
    },
    { calls, atOnce },
  )

test.for([150, 7])(
  'PO12 two pages that share a limit of 100 get exactly 100 calls through, %i calls at a time',
  async (atOnce) => {
    await using plain = await openPlain()
    const [first, second] = [plain.page, await plain.openTab()]
    const id = await first.evaluate(async (maxOperations) => {
      const holdfast = await window.holdfast.openHoldfast({ name: 'limits' })
      const session = await holdfast.sessions.create({ limits: { maxOperations } })
      Object.assign(window, { running: { holdfast, session } })
      return session.id
    }, LIMIT)
    await open(second, id)

    const outcomes = (await Promise.all([callMany(first, 150, atOnce), callMany(second, 150, atOnce)])).flat()

    const passed = outcomes.filter((one) => one === 'passed')
    const refused = outcomes.filter((one) => one !== 'passed')
    expect(passed).toHaveLength(LIMIT)
    expect(new Set(refused)).toEqual(new Set([`RefusedError LIMIT_EXCEEDED maxOperations ${LIMIT}`]))
    const stored = await first.evaluate(async () => {
      const { holdfast, session } = Reflect.get(window, 'running')
      const types: string[] = []
      for (const { type, data } of (await session.timeline.query({ limit: 1_000 })).items) {
        if (type === 'state.changed') types.push(...data.changes.map(() => type))
        else if (type === 'app.worked' || type === 'step.started') types.push(type)
      }
      await holdfast.close()
      return types.length
    })
    expect(stored).toBe(LIMIT)
    await second.evaluate(() => Reflect.get(window, 'running').holdfast.close())
    expect(await second.evaluate(() => window.checkLaws('limits'))).toEqual([])
  },
)
