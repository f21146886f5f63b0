import { defineApp, type Holdfast, openHoldfast, type Session } from 'holdfast'
import { steps } from '../sample/steps.ts'

const app = defineApp({ steps })

/** The store of this page; everything the demo shows comes through it. */
export type DemoHoldfast = Holdfast<typeof app>
export type DemoSession = Session<typeof app>

export function openDemo(): Promise<DemoHoldfast> {
  return openHoldfast({ name: 'holdfast-demo', actor: { id: 'you' }, app })
}
