import type { EventId } from '../ids.ts'
import { fromJson } from '../json.ts'
import type { Entry } from './delta.ts'
import {
  type PackedEntries,
  type Place,
  placedEntries,
  type StateOf,
  unpackEntries,
} from './packed-entries.ts'
import type { StateValue } from './value.ts'

/** An entry whose value stays packed until it is asked for, by the one who keeps it then. No deletion. */
export class UnreadEntry implements Entry {
  readonly key: string
  readonly at: EventId
  readonly #values: PackedValues
  readonly #place: Place

  constructor({ key, at }: Pick<Entry, 'key' | 'at'>, values: PackedValues, place: Place) {
    this.key = key
    this.at = at
    this.#values = values
    this.#place = place
  }

  get value(): StateValue {
    return this.#values.read(this.#place)
  }
}

/**
 * The same entries as {@link unpackEntries} gives. An opening shows a state whose values nobody has asked for yet.
 *
 * @throws CONTENT_DAMAGED where they are not what was packed
 */
export function unreadEntries(packed: PackedEntries, of?: StateOf): readonly Entry[] {
  if (packed.valuesAt === undefined) return unpackEntries(packed, of)
  const values = new PackedValues(packed.bytes, packed.valuesAt)
  return placedEntries(packed, (stamped, place) => new UnreadEntry(stamped, values, place), of)
}

/** Reading each of many values by itself takes longer than reading all of them together. */
const MOST_BY_THEMSELVES = 16

/** Reads single values of a list in JSON, or all of them once many were asked for. */
class PackedValues {
  readonly #bytes: Uint8Array
  readonly #start: number
  #read = 0
  #all: readonly StateValue[] | undefined

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes
    this.#start = start
  }

  read({ index, start, end }: Place): StateValue {
    this.#read += 1
    if (this.#read > MOST_BY_THEMSELVES)
      this.#all ??= fromJson(this.#bytes.subarray(this.#start)) as readonly StateValue[]
    return this.#all?.[index] ?? (fromJson(this.#bytes.subarray(start, end)) as StateValue)
  }
}
