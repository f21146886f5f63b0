import { signal } from '@preact/signals'
import type { DemoSession } from '../app/holdfast.ts'

export type StateEntry = readonly [key: string, value: unknown]

/** The session's keys and values as the page's mirror has them, live. */
export function createStateStore({ state }: DemoSession) {
  const entries = signal<readonly StateEntry[]>([...state.entries()])
  const read = () => {
    entries.value = [...state.entries()]
  }
  void state.ready.then(read)
  return { entries, dispose: state.subscribe(read) }
}
