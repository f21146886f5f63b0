import { effect } from '@preact/signals'
import type { DemoHoldfast } from './holdfast.ts'
import { goTo, route } from './route.ts'

/** Keeps this tab's choice of a session in the library, and goes back to it when the page is opened at its bare address. */
export function keepCurrent({ sessions: { current } }: DemoHoldfast): void {
  const chosen = current.get()
  if (location.hash === '' && chosen !== null) goTo({ session: chosen })
  effect(() => current.set(route.value.session ?? null))
}
