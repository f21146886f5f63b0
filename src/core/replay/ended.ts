import type { StateValue } from '../state/value.ts'

/** How a step ended: in the recording, or again. */
export type Ended =
  | { readonly ok: true; readonly value: StateValue }
  | {
      readonly ok: false
      readonly error: { readonly name: string; readonly message: string; readonly stack?: string }
    }

export function foreignError(thrown: unknown): {
  readonly name: string
  readonly message: string
  readonly stack?: string
} {
  const { name, message, stack } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as {
    readonly name?: unknown
    readonly message?: unknown
    readonly stack?: unknown
  }
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: typeof message === 'string' ? message : String(thrown),
    ...(typeof stack === 'string' ? { stack } : {}),
  }
}

/** What of an end is compared: a stack tells where the code stands, not what it did. */
export function comparable(ended: Ended): StateValue {
  if (ended.ok) return { result: ended.value }
  return { error: { name: ended.error.name, message: ended.error.message } }
}
