import { type App, defineApp, type Holdfast, openHoldfast, type Session } from 'holdfast'
import { steps } from '../sample/steps.ts'

const STORE = { name: 'holdfast-demo', actor: { id: 'you' } }

const app = defineApp({ steps })

/** The store of this page; everything the demo shows comes through it. */
export type DemoHoldfast = Holdfast<typeof app>
export type DemoSession = Session<typeof app>

/** @param anew begins an empty store where the one that was here is gone */
export function openDemo({ anew = false } = {}): Promise<DemoHoldfast> {
  return openHoldfast({ ...STORE, app, persist: 'at-first-write', reopen: anew })
}

/** The same store once more, for a replay that finds further steps. Whoever opens it closes it. */
export function openDemoWith(further: NonNullable<App['steps']>): Promise<DemoHoldfast> {
  return openHoldfast({ ...STORE, app: defineApp({ steps: [...steps, ...further] }) })
}
