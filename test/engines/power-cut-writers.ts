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
  /** The writer can write no more: why. */
  readonly failure?: string
}

export interface Kept {
  /** The number up to which every write is there. */
  readonly upTo: number
  /** Writes after a gap. */
  readonly beyond: readonly number[]
}

/** A value by turn, in bytes: what stays in a row, and what engines put into files of their own (64 KiB, 1 MiB). */
export const SIZES = [10, 1_000, 32_000, 60_000, 200, 70_000, 1_100_000]

/** Each so many writes, one is strict. */
export const STRICT_EVERY = 12

/** IndexedDB alone: relaxed transactions of all sizes in two stores, and after some of them a strict one in a third. */
export async function writeRaw(sizes: readonly number[], strictEvery: number): Promise<void> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open('raw', 1)
    request.onupgradeneeded = () => {
      for (const name of ['first', 'second', 'strict']) request.result.createObjectStore(name)
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
  // What does not compress.
  const bytes = new Uint8Array(Math.max(...sizes))
  for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))

  void (async () => {
    for (let turn = 1; ; turn += 1) {
      const value = bytes.slice(0, sizes[turn % sizes.length])
      if (turn % strictEvery === 0) {
        await put('strict', turn, value, 'strict')
        // Not waited for: what comes next is under way when the power goes.
        void tell({ by: 'raw', upTo: turn, strict: true })
      } else await put(turn % 2 === 0 ? 'first' : 'second', turn, value, 'relaxed')
    }
  })().catch((error) => tell({ by: 'raw', upTo: 0, strict: false, failure: String(error) }))
}

/** Also reads every value: a row can be there without it. */
export async function readRaw(
  sizes: readonly number[],
): Promise<Kept & { readonly withoutValue: readonly number[] }> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open('raw')
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const ask = <T>(store: string, make: (store: IDBObjectStore) => IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      const request = make(database.transaction(store).objectStore(store))
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  const turns: number[] = []
  const withoutValue: number[] = []
  for (const store of [...database.objectStoreNames]) {
    for (const turn of (await ask(store, (rows) => rows.getAllKeys())).map(Number)) {
      turns.push(turn)
      const value = await ask(store, (rows) => rows.get(turn)).catch(() => undefined)
      if (value?.byteLength !== sizes[turn % sizes.length]) withoutValue.push(turn)
    }
  }
  database.close()
  turns.sort((one, other) => one - other)
  let upTo = 0
  while (turns[upTo] === upTo + 1) upTo += 1
  return { upTo, beyond: turns.slice(upTo), withoutValue }
}

/**
 * A session with relaxed writes, and after some of them a strict one, which may be an artifact of several chunks; in
 * another database, a session with relaxed writes alone, artifacts of several chunks among them.
 */
export async function writeSessions(strictEvery: number): Promise<void> {
  const tell = (progress: Progress) => fetch('./', { method: 'POST', body: JSON.stringify(progress) })
  const begin = async (name: Progress['by']) => {
    const holdfast = await window.holdfast.openHoldfast({ name })
    return holdfast.sessions.create({ id: 'cut', name: 'cut' })
  }
  const write = (
    session: Awaited<ReturnType<typeof begin>>,
    turn: number,
    durability: 'strict' | 'relaxed',
  ) =>
    turn % 5 === 0
      ? session.emit('it.was', { turn }, { durability })
      : session.state.set(`turn-${turn}`, 'x'.repeat((turn * 97) % 20_000), { durability })
  const bytes = new Uint8Array(1_500_000)
  for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
  const store = (
    session: Awaited<ReturnType<typeof begin>>,
    turn: number,
    durability: 'strict' | 'relaxed',
  ) => {
    // Each its own first byte: else they would be one content.
    const content = bytes.slice()
    content[0] = turn % 256
    return session.artifacts.store({ name: `turn-${turn}`, content }, { durability })
  }
  const [mixed, relaxed] = [await begin('mixed'), await begin('relaxed')]

  void (async () => {
    for (let turn = 1; ; turn += 1) {
      const strict = turn % strictEvery === 0
      if (turn % (4 * strictEvery) === 0) await store(mixed, turn, 'strict')
      else await write(mixed, turn, strict ? 'strict' : 'relaxed')
      if (strict) void tell({ by: 'mixed', upTo: turn, strict })
    }
  })().catch((error) => tell({ by: 'mixed', upTo: 0, strict: false, failure: String(error) }))
  void (async () => {
    for (let turn = 1; ; turn += 1) {
      if (turn % strictEvery === 0) await store(relaxed, turn, 'relaxed')
      else await write(relaxed, turn, 'relaxed')
      await tell({ by: 'relaxed', upTo: turn, strict: false })
    }
  })().catch((error) => tell({ by: 'relaxed', upTo: 0, strict: false, failure: String(error) }))
}

/** Also reads the bytes of every artifact, and checks the laws. */
export async function readSession(
  name: string,
): Promise<Kept & { readonly unreadable: readonly string[]; readonly violations: readonly unknown[] }> {
  const holdfast = await window.holdfast.openHoldfast({ name })
  const session = await holdfast.sessions.open('cut')
  const { items: events } = await session.timeline.query({ types: ['it.was'], limit: 10_000 })
  const { items: artifacts } = await session.artifacts.list()
  const numberIn = (text: string) => Number(text.slice('turn-'.length))
  const turns = [
    ...session.state.keys().map(numberIn),
    ...events.map(({ data }) => Number(Reflect.get(Object(data), 'turn'))),
    ...artifacts.map((artifact) => numberIn(artifact.name)),
  ].sort((one, other) => one - other)
  const unreadable: string[] = []
  for (const artifact of artifacts) {
    const bytes = await artifact.bytes().catch(({ message }: Error) => message)
    if (typeof bytes === 'string') unreadable.push(`${artifact.name}: ${bytes}`)
    else if (bytes.byteLength !== 1_500_000 || bytes[0] !== numberIn(artifact.name) % 256)
      unreadable.push(`${artifact.name} has other bytes`)
  }
  await holdfast.close()
  let upTo = 0
  while (turns[upTo] === upTo + 1) upTo += 1
  return { upTo, beyond: turns.slice(upTo), unreadable, violations: await window.checkLaws(name) }
}
