import { openDB } from 'idb'
import { expect } from 'vitest'
import { rejectionOf } from '../client/rejection.ts'
import type { Visit } from '../origin/visit.ts'

/** Sooner than any test ends: what hangs is `DEADLINE`, and no other code. */
export const DEADLINE_MS = 5_000

/** Everything that is stored but the ballast, by object store. */
async function storedRows(name: string): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const database = await openDB(name)
  try {
    const stores = [...database.objectStoreNames]
    const rows = await Promise.all(
      stores.map(async (store) => (await database.getAll(store)).filter(({ key }) => key !== 'ballast')),
    )
    return Object.fromEntries(stores.map((store, at) => [store, rows[at] ?? []]))
  } finally {
    database.close()
  }
}

/** Checks that what is stored is the same row by row, before and after. */
export async function expectNothingStored(
  { holdfast, name }: Visit,
  act: () => Promise<unknown>,
): Promise<void> {
  await holdfast.flush()
  const before = await storedRows(name)
  await act()
  await holdfast.flush()
  expect(await storedRows(name)).toEqual(before)
}

export type Attempt = () => Promise<unknown>

/** Checks that each attempt is refused with what its error must hold. */
export async function expectRefused(
  attempts: Readonly<Record<string, readonly [Attempt, object]>>,
): Promise<void> {
  for (const [what, [attempt, error]] of Object.entries(attempts))
    expect(await rejectionOf(attempt()).catch((none: unknown) => none), what).toMatchObject(error)
}
