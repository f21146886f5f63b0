/** What is written when the power is cut. The functions run in the page and close over nothing. */
import '../pages/page-globals.ts'

/** Told to the server of the page, which has power all the time. */
export interface Progress {
  /** Which of the writers. */
  readonly by: 'raw' | 'mixed' | 'relaxed'
  /** Writes are numbered from 1; those up to this one were acknowledged. */
  readonly upTo: number
  /** The acknowledgement was of a strict write. */
  readonly strict: boolean
}

export interface Kept {
  /** The number up to which every write is there. */
  readonly upTo: number
  /** Writes after a gap. */
  readonly beyond: readonly number[]
}

/** IndexedDB alone: relaxed transactions of all sizes in two stores, and after some of them a strict one in a third. */
export async function writeRaw(): Promise<void> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open('raw', 1)
    request.onupgradeneeded = () => {
      for (const name of ['first', 'second', 'marks']) request.result.createObjectStore(name)
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const put = (store: string, key: number, value: unknown, durability: IDBTransactionDurability) =>
    new Promise<void>((resolve, reject) => {
      const transaction = database.transaction(store, 'readwrite', { durability })
      transaction.objectStore(store).put(value, key)
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error)
    })
  const tell = (progress: Progress) => fetch('./', { method: 'POST', body: JSON.stringify(progress) })
  // What does not compress: the larger ones fill the write buffer of a log-structured store within a few, and the
  // largest are what engines keep in files of their own.
  const bytes = new Uint8Array(1_000_000)
  for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
  const sizes = [10, 1_000, 32_000, 60_000, 200, 70_000, 1_000_000]

  void (async () => {
    for (let turn = 1; ; turn += 1) {
      const value = bytes.slice(0, sizes[turn % sizes.length])
      if (turn % 12 !== 0) {
        await put(turn % 2 === 0 ? 'first' : 'second', turn, value, 'relaxed')
        continue
      }
      await put('marks', turn, value, 'strict')
      // Not waited for: what comes next is under way when the power goes.
      void tell({ by: 'raw', upTo: turn, strict: true })
    }
  })()
}

export async function readRaw(): Promise<Kept & { readonly unreadable: readonly string[] }> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open('raw')
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const stores = [...database.objectStoreNames]
  const keysOf = (store: string) =>
    new Promise<number[]>((resolve, reject) => {
      const request = database.transaction(store).objectStore(store).getAllKeys()
      request.onsuccess = () => resolve(request.result.map(Number))
      request.onerror = () => reject(request.error)
    })
  const keys = (await Promise.all(stores.map(keysOf))).flat().sort((a, b) => a - b)
  const sizes = [10, 1_000, 32_000, 60_000, 200, 70_000, 1_000_000]
  const unreadable: string[] = []
  for (const store of stores) {
    for (const key of await keysOf(store)) {
      const failure = await new Promise<string | undefined>((resolve) => {
        const request = database.transaction(store).objectStore(store).get(key)
        const size = sizes[key % sizes.length]
        request.onsuccess = () =>
          resolve(request.result?.byteLength === size ? undefined : `${request.result?.byteLength}`)
        request.onerror = () => resolve(String(request.error))
      })
      if (failure !== undefined) unreadable.push(`${store} ${key} ${sizes[key % sizes.length]} ${failure}`)
    }
  }
  database.close()
  let upTo = 0
  while (keys[upTo] === upTo + 1) upTo += 1
  return { upTo, beyond: keys.slice(upTo), unreadable }
}

/** A session with relaxed writes and a strict one after some of them; in another database, one with relaxed writes alone. */
export async function writeSessions(): Promise<void> {
  const tell = (progress: Progress) => fetch('./', { method: 'POST', body: JSON.stringify(progress) })
  const begin = async (name: Progress['by']) => {
    const holdfast = await window.holdfast.openHoldfast({ name })
    const session = await holdfast.sessions.create({ id: 'cut', name: 'cut' })
    return (turn: number, durability: 'strict' | 'relaxed') =>
      turn % 3 === 0
        ? session.emit('it.was', { turn }, { durability })
        : session.state.set(`turn-${turn}`, 'x'.repeat((turn * 97) % 9_000), { durability })
  }
  const [mixed, relaxed] = [await begin('mixed'), await begin('relaxed')]

  void (async () => {
    for (let turn = 1; ; turn += 1) {
      const strict = turn % 12 === 0
      await mixed(turn, strict ? 'strict' : 'relaxed')
      if (strict) void tell({ by: 'mixed', upTo: turn, strict })
    }
  })()
  void (async () => {
    for (let turn = 1; ; turn += 1) {
      await relaxed(turn, 'relaxed')
      await tell({ by: 'relaxed', upTo: turn, strict: false })
    }
  })()
}

export async function readSession(name: string): Promise<Kept & { readonly violations: readonly unknown[] }> {
  const holdfast = await window.holdfast.openHoldfast({ name })
  const session = await holdfast.sessions.open('cut')
  const { items } = await session.timeline.query({ types: ['it.was'], limit: 10_000 })
  const turns = [
    ...session.state.keys().map((key) => Number(key.slice('turn-'.length))),
    ...items.map(({ data }) => Number(Reflect.get(Object(data), 'turn'))),
  ].sort((a, b) => a - b)
  await holdfast.close()
  let upTo = 0
  while (turns[upTo] === upTo + 1) upTo += 1
  return { upTo, beyond: turns.slice(upTo), violations: await window.checkLaws(name) }
}
