import { createStore } from 'tinybase'
import { createIndexedDbPersister } from 'tinybase/persisters/persister-indexed-db'

/** TinyBase with its IndexedDB persister: a write is stored when the persister has saved, which writes all of the store. */
export function tinybaseStore() {
  let store
  let persister
  return {
    name: 'TinyBase',
    async open(name) {
      store = createStore()
      persister = createIndexedDbPersister(store, name)
      await persister.load()
    },
    async put(key, value) {
      store.setRow('values', key, value)
      await persister.save()
    },
    async pipeline(entries) {
      for (const [key, value] of entries) store.setRow('values', key, value)
      await persister.save()
    },
    get: (key) => store.getRow('values', key),
    async close() {
      await persister.destroy()
    },
  }
}
