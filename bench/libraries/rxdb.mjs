import { createRxDatabase } from 'rxdb/plugins/core'
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie'

const SCHEMA = {
  version: 0,
  primaryKey: 'key',
  type: 'object',
  properties: {
    key: { type: 'string', maxLength: 100 },
    value: { type: 'object' },
  },
  required: ['key', 'value'],
}

/** RxDB over its Dexie storage, the one that everybody has. Writes of one key may meet, so they are incremental. */
export function rxdbStore() {
  let database
  const put = async (key, value) => {
    await database.values.incrementalUpsert({ key, value })
  }
  return {
    name: 'RxDB',
    async open(name) {
      // Names of RxDB databases are words.
      database = await createRxDatabase({
        name: name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'),
        storage: getRxStorageDexie(),
        multiInstance: false,
      })
      await database.addCollections({ values: { schema: SCHEMA } })
    },
    put,
    async pipeline(entries) {
      await Promise.all(entries.map(([key, value]) => put(key, value)))
    },
    async get(key) {
      return (await database.values.findOne(key).exec())?.get('value')
    },
    async close() {
      await database.close()
    },
  }
}
