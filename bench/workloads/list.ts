import { Dexie } from 'dexie'
import { openHoldfast } from '../../src/index.ts'
import { interleave } from '../measure.ts'
import { answer, done } from '../peers/raw.ts'
import { type Result, ratiosTo } from '../result.ts'

const PAGE = 50
const TAGS = ['sales', 'support', 'research', 'ops', 'legal']
const LIMIT = 'raw getAll on the index'
const AT_ONCE = 500

/** The newest sessions of a status and a tag, of very many, without a total. */
export async function list(scale: { sessions: number; blocks: number }): Promise<readonly Result[]> {
  const holdfast = await openHoldfast({ name: 'bench-list', deadlineMs: 600_000 })
  for (let start = 0; start < scale.sessions; start += AT_ONCE) {
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, scale.sessions - start) }, (_, i) =>
        holdfast.sessions.create({ name: `Session ${start + i}`, tags: tagsOf(start + i) }),
      ),
    ).then((sessions) => sessions.map((session) => session.close()))
  }
  // Index rows and views are brought up to date in the background; what the raw rows cost to write is not measured either.
  await holdfast.flush()
  const raw = await openRows(scale.sessions)
  const dexie = new Dexie('bench-list-dexie')
  dexie.version(1).stores({ sessions: 'id, [status+updatedAt], *tags' })
  await dexie.open()
  for (let start = 0; start < scale.sessions; start += 5_000) {
    await dexie.table('sessions').bulkAdd(rowsOf(start, Math.min(5_000, scale.sessions - start)))
  }

  const newest = IDBKeyRange.bound(['active', 'sales', 0], ['active', 'sales', Number.MAX_SAFE_INTEGER])
  const samples = await interleave(
    [
      {
        name: LIMIT,
        run: async () => {
          const rows = await answer(
            raw.transaction('sessions').objectStore('sessions').index('keys').getAll(newest, PAGE),
          )
          if (rows.length !== PAGE) throw new Error('rows are missing')
        },
      },
      {
        name: 'Holdfast',
        run: async () => {
          const query = { status: 'active', tags: ['sales'], sortBy: 'updatedAt', limit: PAGE } as const
          const { items } = await holdfast.sessions.list(query)
          if (items.length !== PAGE) throw new Error('sessions are missing')
        },
      },
      {
        name: 'Dexie: by status and time, filtered by tag',
        run: async () => {
          const rows = await dexie
            .table('sessions')
            .where('[status+updatedAt]')
            .between(['active', Dexie.minKey], ['active', Dexie.maxKey])
            .reverse()
            .filter((row) => row.tags.includes('sales'))
            .limit(PAGE)
            .toArray()
          if (rows.length !== PAGE) throw new Error('rows are missing')
        },
      },
    ],
    { blocks: scale.blocks, operations: 5, warmUp: 5 },
  )
  raw.close()
  dexie.close()
  await holdfast.close()
  return [
    ratiosTo(`list ${PAGE} of ${scale.sessions} sessions by status and tag`, LIMIT, samples, {
      musts: [{ row: 'Holdfast', atMost: 2 }],
    }),
  ]
}

function tagsOf(i: number): string[] {
  return [TAGS[i % TAGS.length] ?? 'ops', TAGS[(i * 7 + 1) % TAGS.length] ?? 'ops']
}

function rowsOf(start: number, count: number) {
  return Array.from({ length: count }, (_, i) => {
    const tags = tagsOf(start + i)
    const updatedAt = 1_700_000_000_000 + start + i
    return {
      id: `session-${start + i}`,
      status: 'active',
      updatedAt,
      tags,
      name: `Session ${start + i}`,
      description: '',
      metadata: {},
      keys: [...new Set(tags)].map((tag) => ['active', tag, updatedAt]),
    }
  })
}

function openRows(count: number): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('bench-list-raw', 1)
    request.onupgradeneeded = () => {
      const store = request.result.createObjectStore('sessions', { keyPath: 'id' })
      store.createIndex('keys', 'keys', { multiEntry: true })
    }
    request.onerror = () => reject(request.error)
    request.onsuccess = async () => {
      const db = request.result
      for (let start = 0; start < count; start += 5_000) {
        const transaction = db.transaction('sessions', 'readwrite')
        for (const row of rowsOf(start, Math.min(5_000, count - start)))
          transaction.objectStore('sessions').add(row)
        await done(transaction)
      }
      resolve(db)
    }
  })
}
