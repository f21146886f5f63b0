import { expect, test } from 'vitest'
import { createError } from '../../src/core/errors.ts'
import { late, loadAllLate } from '../../src/core/late.ts'

test('PK10 a late module is loaded once, when it is first asked for', async () => {
  let loads = 0
  const get = late('numbers', async () => {
    loads += 1
    return { one: 1 }
  })
  expect(loads).toBe(0)

  const [first, second] = await Promise.all([get(), get()])

  expect(await get()).toBe(first)
  expect(second).toBe(first)
  expect(loads).toBe(1)
})

test('PK10 a late module that cannot be loaded is MODULE_UNAVAILABLE, and is tried again by the next call', async () => {
  let isThere = false
  const get = late('numbers', async () => {
    if (!isThere) throw new TypeError('Failed to fetch')
    return { one: 1 }
  })

  const refused = await get().catch((error: unknown) => error)
  expect(refused).toMatchObject({
    code: 'MODULE_UNAVAILABLE',
    retryable: true,
    details: { module: 'numbers' },
    cause: { message: 'Failed to fetch' },
  })

  isThere = true
  expect(await get()).toEqual({ one: 1 })
})

test('PK10 who aborts does not wait for a late module, and the others do', async () => {
  let come: (module: object) => void = () => {}
  const get = late('slow', () => new Promise<object>((resolve) => (come = resolve)))
  const controller = new AbortController()
  const reason = createError('DEADLINE', 'Too late.')

  const given = get(controller.signal)
  const other = get(new AbortController().signal)
  controller.abort(reason)

  await expect(given).rejects.toBe(reason)
  await expect(get(controller.signal)).rejects.toBe(reason)
  come({})
  expect(await other).toEqual({})
})

test('PK10 all late modules can be loaded beforehand, with those that they have themselves', async () => {
  const loaded: string[] = []
  late('outer', async () => {
    loaded.push('outer')
    return late('inner', async () => loaded.push('inner'))
  })

  await loadAllLate()

  expect(loaded).toEqual(['outer', 'inner'])
})

test('PK11 one late module that cannot be loaded keeps no other from being loaded', async () => {
  let isThere = false
  late('missing', async () => {
    if (!isThere) throw new TypeError('Failed to fetch')
    return {}
  })
  const loaded: string[] = []
  late('next', async () => loaded.push('next'))

  await expect(loadAllLate()).rejects.toMatchObject({
    code: 'MODULE_UNAVAILABLE',
    details: { module: 'missing' },
  })

  expect(loaded).toEqual(['next'])
  // The modules are those of all test files of the process.
  isThere = true
  await loadAllLate()
})
