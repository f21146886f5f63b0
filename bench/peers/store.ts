/** A small-value store as the benches drive it: ours, a peer, or the browser's own database. */
export interface Store {
  readonly name: string
  open(database: string): Promise<void>
  /** Resolves when the value is stored. */
  put(key: string, value: unknown): Promise<void>
  /** Puts many without waiting in between; resolves when all are stored. */
  pipeline(entries: readonly (readonly [string, unknown])[]): Promise<void>
  close(): Promise<void>
}
