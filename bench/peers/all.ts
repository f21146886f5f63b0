import { automergeRepoStore } from '../libraries/automerge-repo.mjs'
import { rxdbStore } from '../libraries/rxdb.mjs'
import { tinybaseStore } from '../libraries/tinybase.mjs'
import { dexieStore } from './dexie.ts'
import { idbStore } from './idb.ts'
import { rawStore } from './raw.ts'
import type { Store } from './store.ts'
import { yIndexedDbStore } from './y-indexeddb.ts'

/** The limit first, then everybody else but Holdfast, each as its own guide writes it. */
export const OTHERS: readonly (() => Store)[] = [
  () => rawStore('relaxed'),
  idbStore,
  dexieStore,
  yIndexedDbStore,
  rxdbStore,
  tinybaseStore,
  automergeRepoStore,
]
