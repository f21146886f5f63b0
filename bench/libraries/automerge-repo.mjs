import { automergeWasmBase64 } from '@automerge/automerge/automerge.wasm.base64'
import { initializeBase64Wasm } from '@automerge/automerge/slim'
import { Repo } from '@automerge/automerge-repo/slim'
import { IndexedDBStorageAdapter } from '@automerge/automerge-repo-storage-indexeddb'

/** A document of automerge-repo with its IndexedDB storage: a change is stored when the repo was flushed. */
export function automergeRepoStore() {
  let repo
  let handle
  return {
    name: 'automerge-repo',
    async open(name) {
      await initializeBase64Wasm(automergeWasmBase64)
      repo = new Repo({ storage: new IndexedDBStorageAdapter(name) })
      handle = repo.create({ values: {} })
      await handle.whenReady()
      await repo.flush()
    },
    async put(key, value) {
      handle.change((doc) => {
        doc.values[key] = value
      })
      await repo.flush([handle.documentId])
    },
    async pipeline(entries) {
      for (const [key, value] of entries) {
        handle.change((doc) => {
          doc.values[key] = value
        })
      }
      await repo.flush([handle.documentId])
    },
    get: (key) => handle.doc().values[key],
    async reopen(name, key) {
      const fresh = new Repo({ storage: new IndexedDBStorageAdapter(name) })
      const found = await fresh.find(handle.url)
      await found.whenReady()
      const value = found.doc().values[key]
      await fresh.shutdown()
      return value
    },
    async close() {
      await repo.shutdown()
    },
  }
}
