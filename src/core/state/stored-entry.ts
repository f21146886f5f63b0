import type { EventId } from '../ids.ts'
import type { Entry } from './delta.ts'
import { freezeValue } from './freeze.ts'
import type { ChangeSource } from './mirror-change.ts'
import { UnreadEntry } from './unread-entries.ts'
import type { StateValue } from './value.ts'

/** An entry as a mirror keeps it. A value that is packed is unpacked when it is first read, and is the same one then. */
export class StoredEntry {
  readonly at: EventId
  readonly source: ChangeSource
  readonly isDeletion: boolean
  #unread: UnreadEntry | undefined
  #value: StateValue | undefined

  constructor(entry: Entry, source: ChangeSource) {
    this.at = entry.at
    this.source = source
    if (entry instanceof UnreadEntry) {
      this.#unread = entry
      this.isDeletion = false
    } else {
      const { value } = entry
      this.#value = value === undefined ? undefined : freezeValue(value)
      this.isDeletion = value === undefined
    }
  }

  get value(): StateValue | undefined {
    if (this.#unread !== undefined) {
      this.#value = freezeValue(this.#unread.value)
      this.#unread = undefined
    }
    return this.#value
  }
}
