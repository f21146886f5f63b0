import type { AsideClass } from './aside.ts'
import type { ScopedKey } from './scope.ts'
import type { StateValue } from './value.ts'

/** A change of state as it is asked for; without a value it deletes the key. */
export interface WriteChange extends ScopedKey {
  readonly value?: StateValue
  /**
   * Keeps the value aside from its entry, or says that it is to stand there.
   * @defaultValue in the entry; aside as sensitive where the key holds a sensitive value
   */
  readonly class?: AsideClass | 'standard'
}
