import 'fake-indexeddb/auto'
import { forceCloseDatabase } from 'fake-indexeddb'
import { expect, onTestFinished, test } from 'vitest'
import { createError, type ErrorCode } from '../../src/core/errors.ts'
import { type Connection, isConnectionLost } from '../../src/storage/connection.ts'
import { deleteDatabase } from '../../src/storage/delete-database.ts'
import { mapStorageError } from '../../src/storage/error-map.ts'
import { type OpenOptions, openConnection } from '../../src/storage/open-connection.ts'
import { NATIVE_VERSION, STORE_NAMES } from '../../src/storage/schema.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { seededEntropy } from '../../src/testing/seeded-entropy.ts'
import { freshName } from './rig.ts'

function open(options: Partial<OpenOptions> = {}): Promise<Connection> {
  return openConnection({ name: freshName(), wall: fakeClock(), entropy: seededEntropy(1), ...options })
}

/** Opens the database by itself, as another build of the app does. */
function openNative(name: string, version?: number): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** A database as an older build of ours left it. */
function openOlder(name: string): Promise<IDBDatabase> {
  return new Promise((resolve) => {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => {
      request.result.createObjectStore('meta', { keyPath: 'key' }).put({ key: 'generation', value: 'older' })
    }
    request.onsuccess = () => resolve(request.result)
  })
}

/** Lets what the browser has queued run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate)
}

test('ST1 a new database has every table and a generation of its own, which stays with it', async () => {
  const first = await open()
  expect([...first.native.objectStoreNames].toSorted()).toEqual([...STORE_NAMES].toSorted())
  expect(first.native.version).toBe(NATIVE_VERSION)
  expect(first.generation).toMatch(/^[0-9a-f]{32}$/)
  first.close()

  const again = await open({ name: first.name, entropy: seededEntropy(2) })
  expect(again.generation).toBe(first.generation)
  again.close()
  await deleteDatabase(first.name, fakeClock())

  const anew = await open({ name: first.name, entropy: seededEntropy(3) })
  expect(anew.generation).not.toBe(first.generation)
  anew.close()
})

test('ST2 a database that a newer build wrote is refused and left as it is', async () => {
  const name = freshName()
  const newer = await openNative(name, NATIVE_VERSION + 10)
  newer.close()
  await expect(open({ name })).rejects.toMatchObject({
    code: 'STORAGE_NEWER',
    details: { version: NATIVE_VERSION + 10, known: NATIVE_VERSION },
  })
  const untouched = await openNative(name)
  expect(untouched.version).toBe(NATIVE_VERSION + 10)
  expect([...untouched.objectStoreNames]).toEqual([])
  untouched.close()
})

test('ST2 it is refused also where the browser cannot list its databases', async () => {
  const name = freshName()
  const newer = await openNative(name, NATIVE_VERSION + 10)
  newer.close()
  Object.defineProperty(indexedDB, 'databases', { configurable: true, value: async () => [] })
  try {
    await expect(open({ name })).rejects.toMatchObject({ code: 'STORAGE_NEWER' })
  } finally {
    Reflect.deleteProperty(indexedDB, 'databases')
  }
})

test('ST3 an upgrade that another tab blocks says so, and is given up at its deadline', async () => {
  const name = freshName()
  const older = await openNative(name, 1)
  const wall = fakeClock()
  const told: number[] = []
  const opening = open({
    name,
    wall,
    openMs: 1_000,
    blockedMs: 2_500,
    onBlocked: (leftMs) => told.push(leftMs),
  })
  const refused = expect(opening).rejects.toMatchObject({ code: 'STORAGE_BLOCKED', retryable: true })
  await settle()
  expect(told).toEqual([2_500])
  wall.advance(1_000)
  wall.advance(1_000)
  expect(told).toEqual([2_500, 1_500, 500])
  wall.advance(500)
  await refused
  wall.advance(5_000)
  expect(told).toHaveLength(3)

  // The browser still has the upgrade in its queue; the connection it brings is closed.
  older.close()
  await settle()
  const untouched = await openNative(name)
  untouched.close()
  expect(untouched.version).toBe(NATIVE_VERSION)
})

test('ST3 an upgrade that waits without an event, behind that of another tab, counts as blocked after a second', async () => {
  const name = freshName()
  const older = await openOlder(name)
  const wall = fakeClock()
  const { open: openOriginal } = indexedDB
  Object.defineProperty(indexedDB, 'open', {
    configurable: true,
    value: (...given: [string, number?]) => {
      const request = openOriginal.apply(indexedDB, given)
      const dispatch = request.dispatchEvent.bind(request)
      request.dispatchEvent = (event) => event.type === 'blocked' || dispatch(event)
      return request
    },
  })
  const told: number[] = []
  try {
    const opening = open({ name, wall, blockedMs: 5_000, onBlocked: (leftMs) => told.push(leftMs) })
    await settle()
    expect(told).toEqual([])
    wall.advance(1_000)
    expect(told).toEqual([5_000])
    older.close()
    const connection = await opening
    expect(connection.native.version).toBe(NATIVE_VERSION)
    connection.close()
  } finally {
    Reflect.deleteProperty(indexedDB, 'open')
  }
})

test('ST3 when the other tab closes in time the upgrade goes on', async () => {
  const name = freshName()
  const older = await openOlder(name)
  const connection = await open({ name, onBlocked: () => older.close() })
  expect(connection.native.version).toBe(NATIVE_VERSION)
  expect(connection.generation).toBe('older')
  connection.close()
})

test('ST3 what fails after the block was lifted is not said to be blocked', async () => {
  const name = freshName()
  const foreign = await openNative(name, 1)
  await expect(open({ name, onBlocked: () => foreign.close() })).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    details: { name },
  })
})

test('ST4 an open that the browser never answers is given up at its deadline, and closed if it comes later', async () => {
  const name = freshName()
  const wall = fakeClock()
  const { open: openOriginal } = indexedDB
  let answer: (() => void) | undefined
  let late: IDBDatabase | undefined
  Object.defineProperty(indexedDB, 'open', {
    configurable: true,
    value: (...given: [string, number?]) => {
      const request = openOriginal.apply(indexedDB, given)
      const dispatch = request.dispatchEvent.bind(request)
      request.dispatchEvent = (event) => {
        if (event.type === 'upgradeneeded') return dispatch(event)
        answer = () => {
          late = request.result
          dispatch(event)
        }
        return true
      }
      return request
    },
  })
  try {
    const refused = expect(open({ name, wall, openMs: 1_000 })).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      details: { name: 'deadline', deadlineMs: 1_000 },
    })
    while (answer === undefined) await new Promise(setImmediate)
    wall.advance(1_000)
    await refused
  } finally {
    Reflect.deleteProperty(indexedDB, 'open')
  }
  answer()
  await settle()
  expect(() => late?.transaction('meta')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
  expect(late).toBeDefined()
})

test('ST5 a database that is deleted ends its connections with STORAGE_LOST, and lets the deletion go on', async () => {
  const connection = await open()
  const reasons: string[] = []
  connection.onEnding((reason) => {
    reasons.push(reason.code)
  })
  await deleteDatabase(connection.name, fakeClock())
  expect(reasons).toEqual(['STORAGE_LOST'])
  expect(connection.ended).toMatchObject({ code: 'STORAGE_LOST' })
})

test('ST5 an upgrade elsewhere waits for the last writes, but not for ever', async () => {
  const wall = fakeClock()
  const connection = await open({ wall })
  connection.onEnding(() => new Promise<void>(() => {}))
  const upgrading = openNative(connection.name, NATIVE_VERSION + 10)
  await settle()
  expect(connection.ended).toMatchObject({ code: 'STORAGE_NEWER' })
  wall.advance(2_000)
  const upgraded = await upgrading
  expect(upgraded.version).toBe(NATIVE_VERSION + 10)
  upgraded.close()
})

test('ST5 a connection that the browser closes by itself ends with STORAGE_FAILED', async () => {
  const connection = await open()
  const ended = new Promise<string>((resolve) => {
    connection.onEnding((reason) => resolve(reason.code))
  })
  // Its declaration asks for the class instead of a connection.
  forceCloseDatabase(Object(connection.native))
  expect(await ended).toBe('STORAGE_FAILED')
})

test('ST5 a connection that takes no transaction any more is lost, also where no event says so', async () => {
  const connection = await open()
  const reasons: string[] = []
  connection.onEnding((reason) => {
    reasons.push(reason.code)
  })
  connection.native.close()
  expect(() => connection.transaction(['meta'], 'readonly')).toThrow(
    expect.objectContaining({ code: 'STORAGE_FAILED' }),
  )
  expect(isConnectionLost(connection.ended)).toBe(true)
  expect(() => connection.transaction(['meta'], 'readonly')).toThrow(connection.ended)
  expect(reasons).toEqual(['STORAGE_FAILED'])
})

test('ST5 what fails while the connection is being closed fails for that', async () => {
  const connection = await open()
  const working = connection.failure(new DOMException('aborted', 'AbortError'), 'testing')
  expect(isConnectionLost(working)).toBe(false)
  connection.native.close()
  const dying = connection.failure(new DOMException('aborted', 'AbortError'), 'testing')
  expect(isConnectionLost(dying)).toBe(true)
})

/** Holds back the answer that says which generation it is, the last one of an opening. */
function whileOpening(work: (native: IDBDatabase) => void, until: () => Promise<unknown> = settle): void {
  const { get } = IDBObjectStore.prototype
  IDBObjectStore.prototype.get = function (...given) {
    const request = get.apply(this, given)
    if (given[0] !== 'generation') return request
    IDBObjectStore.prototype.get = get
    work(this.transaction.db)
    Object.defineProperty(request, 'onsuccess', {
      configurable: true,
      get: () => null,
      set: (answer: (event: object) => void) => void until().then(() => answer({ target: request })),
    })
    return request
  }
  onTestFinished(() => {
    IDBObjectStore.prototype.get = get
  })
}

test('ST4 an opened database that does not answer is given up at the deadline, and closed', async () => {
  let native: IDBDatabase | undefined
  let answer = () => {}
  whileOpening(
    (opened) => {
      native = opened
    },
    () => new Promise<void>((resolve) => (answer = resolve)),
  )
  const wall = fakeClock()
  const refused = expect(open({ wall, openMs: 1_000 })).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    details: { name: 'deadline', deadlineMs: 1_000 },
  })
  await expect.poll(() => native).toBeDefined()
  await expect.poll(() => wall.dueWithin(1_000)).toBe(1)
  wall.advance(1_000)
  await refused
  expect(() => native?.transaction('meta')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
  answer()
})

test.each([
  ['is deleted', 'STORAGE_LOST', (native) => void indexedDB.deleteDatabase(native.name)],
  ['is upgraded', 'STORAGE_NEWER', (native) => void indexedDB.open(native.name, native.version + 10)],
] satisfies [string, ErrorCode, (native: IDBDatabase) => void][])(
  'ST5 a database that %s in the moment in which it is opened is not handed out: %s',
  async (_, code, work) => {
    whileOpening(work)
    await expect(open()).rejects.toMatchObject({ code })
  },
)

test('ST24 a connection that the browser closes in the moment in which it is opened is opened anew', async () => {
  whileOpening((native) => forceCloseDatabase(Object(native)))
  const wall = fakeClock()
  const opening = open({ wall })
  await expect.poll(() => wall.dueWithin(100)).toBe(1)
  wall.advance(100)
  const connection = await opening
  expect(connection.ended).toBeUndefined()
  connection.close()
})

test('ST5 a listener that was taken back hears nothing, and closing ourselves tells nobody', async () => {
  const connection = await open()
  const heard: string[] = []
  const stop = connection.onEnding(() => {
    heard.push('first')
  })
  connection.onEnding(() => {
    heard.push('second')
  })
  stop()
  connection.close()
  await deleteDatabase(connection.name, fakeClock())
  expect(heard).toEqual([])
  expect(connection.ended).toMatchObject({ code: 'CLOSED' })
})

test('ST6 a deletion that a connection blocks is given up at its deadline', async () => {
  const name = freshName()
  const holding = await openNative(name, 1)
  const wall = fakeClock()
  const deleting = deleteDatabase(name, wall, 3_000)
  const refused = expect(deleting).rejects.toMatchObject({ code: 'STORAGE_BLOCKED' })
  await settle()
  wall.advance(3_000)
  await refused
  holding.close()
})

const MAPPED: readonly (readonly [string, ErrorCode])[] = [
  ['QuotaExceededError', 'QUOTA_EXCEEDED'],
  ['VersionError', 'STORAGE_NEWER'],
  ['InvalidStateError', 'STORAGE_FAILED'],
  ['UnknownError', 'STORAGE_FAILED'],
  ['DataError', 'STORAGE_FAILED'],
  ['ReadOnlyError', 'STORAGE_FAILED'],
  ['AbortError', 'STORAGE_FAILED'],
  ['TimeoutError', 'STORAGE_FAILED'],
  ['ConstraintError', 'STORAGE_FAILED'],
  ['DataCloneError', 'INVALID_VALUE'],
  ['SecurityError', 'STORAGE_FAILED'],
  ['NeverHeardOfError', 'STORAGE_FAILED'],
]

test('ST7 each failure of the browser is one of our codes, and keeps its own name and itself as the cause', () => {
  for (const [name, code] of MAPPED) {
    const cause = new DOMException('as the browser says', name)
    const error = mapStorageError(cause, 'storing a commit')
    expect(error, name).toMatchObject({ code, details: { name, doing: 'storing a commit' }, cause })
    expect(error.message).toContain('storing a commit')
  }
})

test('ST7 a mistake in code is INTERNAL and not the browser to blame', () => {
  const cause = new TypeError('x is undefined')
  expect(mapStorageError(cause, 'storing a commit')).toMatchObject({ code: 'INTERNAL', cause })
})

test('ST7 no error is a failure as well, an error of ours passes, and what Dexie wraps is unwrapped', () => {
  expect(mapStorageError(null, 'x')).toMatchObject({ code: 'STORAGE_FAILED', details: { name: 'null' } })
  expect(mapStorageError(undefined, 'x')).toMatchObject({ code: 'STORAGE_FAILED' })
  const own = createError('CONFLICT', 'ours')
  expect(mapStorageError(own, 'x')).toBe(own)
  const wrapped = { name: 'AbortError', inner: new DOMException('', 'QuotaExceededError') }
  expect(mapStorageError(wrapped, 'x')).toMatchObject({ code: 'QUOTA_EXCEEDED' })
})

/** The next listings of the databases fail, as in a browser whose files are held by another process. */
function failListings(count: number): () => number {
  let tries = 0
  const { databases } = indexedDB
  indexedDB.databases = () => {
    tries += 1
    if (tries > count) return databases.call(indexedDB)
    return Promise.reject(new DOMException('Internal error.', 'UnknownError'))
  }
  onTestFinished(() => void Reflect.deleteProperty(indexedDB, 'databases'))
  return () => tries
}

test('ST24 where the browser itself fails as the database is opened, it is tried again after 100, 300 and 900 ms', async () => {
  const tries = failListings(3)
  const wall = fakeClock()
  const opening = open({ wall })
  for (const [index, waitMs] of [100, 300, 900].entries()) {
    await settle()
    wall.advance(waitMs - 1)
    await settle()
    expect(tries()).toBe(index + 1)
    wall.advance(1)
  }
  const connection = await opening
  expect(tries()).toBe(4)
  connection.close()
})

test('ST24 a browser that fails a fourth time is STORAGE_FAILED; any other failure is told at once', async () => {
  const tries = failListings(4)
  const wall = fakeClock()
  const refused = expect(open({ wall })).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    details: { name: 'UnknownError' },
  })
  for (const waitMs of [100, 300, 900]) {
    await settle()
    wall.advance(waitMs)
  }
  await refused
  expect(tries()).toBe(4)
})
