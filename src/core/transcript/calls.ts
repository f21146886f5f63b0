import { parseKey } from '../run/fields.ts'
import type { OpenStep } from '../run/open-step.ts'

/** Gives a call's step as soon as its start is decided. */
export type StepOfCall = () => OpenStep | undefined

/**
 * Keeps tool calls and their answers together. Sources use an id twice, for a later call; its step then gets the next
 * free key `<id>#2`, and an answer belongs to the oldest call of its id that has none.
 */
export interface CallBook {
  /** The key of the step of a new call; undefined where the id can be none. */
  keyFor(callId: string): string | undefined
  begun(callId: string, step: StepOfCall): void
  /** The call that an answer to this id belongs to, which then waits no more; undefined where none waits. */
  take(callId: string): StepOfCall | undefined
}

export function createCallBook(): CallBook {
  const used = new Set<string>()
  const waitingById = new Map<string, StepOfCall[]>()

  return {
    keyFor(callId) {
      let key = callId
      for (let use = 2; used.has(key); use += 1) key = `${callId}#${use}`
      if (!isKey(key)) return undefined
      used.add(key)
      return key
    },
    begun(callId, step) {
      const waiting = waitingById.get(callId)
      if (waiting === undefined) waitingById.set(callId, [step])
      else waiting.push(step)
    },
    take(callId) {
      const waiting = waitingById.get(callId)
      const oldest = waiting?.shift()
      if (waiting?.length === 0) waitingById.delete(callId)
      return oldest
    },
  }
}

function isKey(key: string): boolean {
  try {
    parseKey(key)
    return true
  } catch {
    return false
  }
}
