/** A small JSON value. */
export type Value = Readonly<Record<string, string | number | boolean>>

/** A small-value store as the benches drive it: ours, a peer, or the browser's own database. */
export interface Store {
  readonly name: string
  open(database: string): Promise<void>
  /** Resolves when the value is stored. */
  put(key: string, value: Value): Promise<void>
  /** Puts many without waiting in between; resolves when all are stored. */
  pipeline(entries: readonly (readonly [string, Value])[]): Promise<void>
  /** Reads as an app would: at once where the store keeps its values in memory. */
  get(key: string): unknown
  /** Opens what was stored once more, beside what is open, and gives one value of it. @defaultValue a new store's `open` and `get` */
  reopen?(database: string, key: string): Promise<unknown>
  close(): Promise<void>
}
