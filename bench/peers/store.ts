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
  close(): Promise<void>
}
