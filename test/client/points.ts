/** Every operation that a hook point stands for, done once through the public API. */

import type { Holdfast } from '../../src/client/holdfast.ts'
import { defineStep, type PointName, type Session } from '../../src/index.ts'

/** Stands for any point of an app's own. */
export const CUSTOM = 'custom:publish'

const work = defineStep({
  id: 'tool:work',
  version: 1,
  purity: 'pure',
  run: (input: { n: number }) => input.n,
})

/** By the row of the table of points; a row that is missing here does not compile. */
export type Rows = Exclude<PointName, `custom:${string}`> | 'custom:*'

/** Does what each point gates, in an order in which all of it is allowed, and calls back around each. */
export async function throughEveryPoint(
  holdfast: Holdfast,
  around: (point: Rows, act: () => Promise<unknown>) => Promise<unknown>,
): Promise<void> {
  const made: { session?: Session } = {}
  const at = (): Session => {
    if (made.session === undefined) throw new Error('the session was not created')
    return made.session
  }
  const stored = async (name: string) => {
    const artifact = await at().artifacts.get({ name })
    if (artifact === null) throw new Error(`${name} was not stored`)
    return artifact
  }
  const acts: Record<Rows, () => Promise<unknown>> = {
    'session:start': async () => {
      made.session = await holdfast.sessions.create({ name: 'walked', tags: ['walk'] })
    },
    'state:write': () => at().state.set('k', 1),
    'event:emit': () => at().emit('it.was', { n: 1 }),
    'step:run': () => at().step(work, { n: 2 }),
    'artifact:store': () => at().artifacts.store({ name: 'a', content: 'text' }),
    'artifact:read': async () => (await stored('a')).text(),
    'artifact:delete': async () => at().artifacts.delete(await stored('a')),
    'custom:*': () => at().callHooks(CUSTOM, { url: '/a' }),
    'session:save': () => at().save({ label: 'saved' }),
    'session:restore': async () => {
      const [checkpoint] = await at().checkpoints.list()
      if (checkpoint === undefined) throw new Error('nothing was saved')
      await at().restore(checkpoint)
    },
    'session:fork': () => at().fork({ name: 'forked' }),
    'session:suspend': () => at().suspend(),
    'session:resume': () => at().resume(),
    'session:fail': () => at().fail('a reason'),
    'session:reopen': () => at().reopen('another'),
    'session:complete': () => at().complete(),
    'session:archive': () => at().archive(),
    'session:delete': () => at().delete({ children: 'orphan' }),
  }
  for (const [point, act] of Object.entries(acts)) await around(point as Rows, act)
}
