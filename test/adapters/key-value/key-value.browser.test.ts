import { expect, test, vi } from 'vitest'
import { createKeyValue } from '../../../src/adapters/key-value/key-value.ts'
import { checkLaws } from '../../../src/testing/check-laws.ts'
import { open, openAgain } from '../../client/open.ts'
import { rejectionOf } from '../../client/rejection.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const textOf = (data: Uint8Array | undefined) => new TextDecoder().decode(data)

async function openStore() {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  return { opened, session, store: createKeyValue(session) }
}

test('KV2 what was saved is there in another tab and after a restart, large values too', {
  timeout: 60_000,
}, async () => {
  const { opened, session, store } = await openStore()
  const large = new Uint8Array(3 * 1024 * 1024).map((_, at) => (at * 31) % 251)
  await store.save(['notes', 'snapshot'], large)
  await store.save(['notes', 'incremental', '1'], bytes('first'))
  const tab = await openAgain(opened)
  const there = createKeyValue(await tab.holdfast.sessions.open(session.id))
  const found = await there.load(['notes', 'snapshot'])
  expect(found?.length).toBe(large.length)
  expect(found?.every((byte, at) => byte === large[at])).toBe(true)
  await there.save(['notes', 'incremental', '1'], bytes('second'))
  await there.remove(['notes', 'snapshot'])
  expect(await store.load(['notes', 'snapshot'])).toBeUndefined()
  await Promise.all([opened.holdfast.close(), tab.holdfast.close()])

  const again = await openAgain(opened)
  const store2 = createKeyValue(await again.holdfast.sessions.open(session.id))
  const left = await store2.loadRange([])
  expect(left.map(({ key, data }) => [key, textOf(data)])).toEqual([
    [['notes', 'incremental', '1'], 'second'],
  ])
})

test('KV3 keys are kept apart and given back as they were; a range holds those that begin with all its parts', async () => {
  const { store } = await openStore()
  const keys = [
    ['a'],
    ['a', ''],
    ['', 'a'],
    ['a/b'],
    ['a', 'b'],
    ['a*'],
    ['ab'],
    ['é'],
    ['e\u0301'],
    ['%2F', '\u0000', '🎈'],
  ]
  for (const key of keys) await store.save(key, bytes(JSON.stringify(key)))
  for (const key of keys) expect(textOf(await store.load(key))).toBe(JSON.stringify(key))
  expect((await store.loadRange([])).map(({ key }) => key)).toEqual(keys)
  expect((await store.loadRange(['a'])).map(({ key }) => key)).toEqual([['a'], ['a', ''], ['a', 'b']])
  await store.removeRange(['a'])
  expect((await store.loadRange([])).map(({ key }) => key)).toEqual(keys.filter(([part]) => part !== 'a'))
})

test('KV3 of many keys a range holds each once, also one that is saved again meanwhile, and reads 32 at a time', {
  timeout: 60_000,
}, async () => {
  const { session } = await openStore()
  const store = createKeyValue(session, { durability: 'relaxed' })
  const keys = Array.from({ length: 501 }, (_, at) => [`k${at}`])
  await store.save(['k0'], bytes('0'))
  await Promise.all(keys.slice(1).map((key) => store.save(key, bytes('0'))))
  const { list, get } = session.artifacts
  vi.spyOn(session.artifacts, 'list').mockImplementation(async (...args) => {
    const page = await list(...args)
    if (page.cursor !== undefined) await store.save(['k0'], bytes('again'))
    return page
  })
  let reading = 0
  let most = 0
  vi.spyOn(session.artifacts, 'get').mockImplementation(async (...args) => {
    reading += 1
    most = Math.max(most, reading)
    try {
      return await get(...args)
    } finally {
      reading -= 1
    }
  })
  const found = await store.loadRange([])
  expect(found.length).toBe(keys.length)
  expect(new Set(found.map(({ key }) => key.join())).size).toBe(keys.length)
  expect(textOf(found.find(({ key }) => key[0] === 'k0')?.data)).toBe('again')
  expect(most).toBe(32)
})

test('KV4 a key that is none is INVALID_NAME, what is no bytes INVALID_VALUE, and nothing is stored', async () => {
  const { session, store } = await openStore()
  const bad = [[], ['\ud800'], ['x'.repeat(300)], 'text', [1], null] as unknown as string[][]
  for (const key of bad) {
    for (const call of [store.load(key), store.save(key, bytes('x')), store.remove(key)])
      expect(await rejectionOf(call), JSON.stringify(key)).toMatchObject({
        code: 'INVALID_NAME',
        details: { key },
      })
  }
  for (const prefix of bad.slice(1))
    expect(await rejectionOf(store.loadRange(prefix))).toMatchObject({ code: 'INVALID_NAME' })
  const text = 'text' as unknown as Uint8Array
  expect(await rejectionOf(store.save(['a'], text))).toMatchObject({ code: 'INVALID_VALUE' })
  expect(() => createKeyValue(session, { folder: 'x'.repeat(300) })).toThrow(/INVALID_NAME|The key/)
  expect((await session.artifacts.list()).items).toEqual([])
})

test('KV5 one version of a key is kept: the bytes of earlier ones go, and those of another folder stay', async () => {
  const { opened, session, store } = await openStore()
  const other = createKeyValue(session, { folder: 'other' })
  await other.save(['a'], bytes('other'))
  for (const text of ['one', 'two', 'three']) await store.save(['a'], bytes(text))
  const { items } = await session.artifacts.list({ sortBy: 'name' })
  expect(items.map(({ name, version }) => [name, version])).toEqual([
    ['key-value/a/', 3],
    ['other/a/', 1],
  ])
  await store.removeRange([])
  expect(textOf(await other.load(['a']))).toBe('other')
  await opened.holdfast.close()
  expect(await checkLaws(opened.name)).toEqual([])
})

test('KV6 tabs that save one key at once leave one of their values, and a reader meets one that was saved', async () => {
  const { opened, session, store } = await openStore()
  const tab = await openAgain(opened)
  const there = createKeyValue(await tab.holdfast.sessions.open(session.id))
  await store.save(['a'], bytes('0'))
  const seen = new Set<string>()
  let isWriting = true
  const reading = (async () => {
    while (isWriting) {
      seen.add(textOf(await store.load(['a'])))
      for (const { data } of await store.loadRange([])) seen.add(textOf(data))
    }
  })()
  const writing = [store, there].map(async (one, at) => {
    for (let count = 1; count <= 10; count += 1) await one.save(['a'], bytes(`${at}${count}`))
  })
  await Promise.all(writing)
  isWriting = false
  await reading
  expect(seen.has('')).toBe(false)
  expect(['010', '110']).toContain(textOf(await store.load(['a'])))
  expect((await session.artifacts.versions('key-value/a/')).length).toBe(1)
})

test('KV7 saving is strict unless the store was made relaxed', async () => {
  const { session } = await openStore()
  const stored = vi.spyOn(session.artifacts, 'store')
  await createKeyValue(session).save(['a'], bytes('a'))
  await createKeyValue(session, { durability: 'relaxed' }).save(['a'], bytes('b'))
  expect(stored.mock.calls.map(([, options]) => options?.durability)).toEqual([undefined, 'relaxed'])
})
