/** Bytes under keys, kept as the artifacts of a session: for what brings a key-value interface, as automerge-repo does. */
export type { Key } from './key-name.ts'
export { createKeyValue, type Entry, type KeyValue, type KeyValueOptions } from './key-value.ts'
