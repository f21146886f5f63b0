import { openDB } from 'idb'
import { expect } from 'vitest'
import { type SessionId, sessionStream } from '../../src/core/ids.ts'
import { rejectionOf } from '../client/rejection.ts'
import type { Visit } from '../origin/visit.ts'

/** Sooner than any test ends: what hangs is `DEADLINE`, and no other code. */
export const DEADLINE_MS = 5_000

interface StoredRow {
  readonly streamId?: unknown
  readonly squeezed?: unknown
}

/** Everything that is stored but what is put by every flush, and the ballast, by object store. */
async function storedRows(name: string): Promise<Readonly<Record<string, readonly StoredRow[]>>> {
  const database = await openDB(name)
  try {
    const stores = [...database.objectStoreNames]
    const rows = await Promise.all(
      stores.map(async (store) =>
        (await database.getAll(store)).filter(({ key }) => key !== 'ballast' && key !== 'barrier'),
      ),
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

/** Waits until the log of an archived session is packed and squeezed: later that would look like something stored. */
export async function isPacked({ name }: Visit, session: SessionId): Promise<void> {
  const stream = sessionStream(session)
  await expect
    .poll(
      async () => {
        const { commits = [], segments = [] } = await storedRows(name)
        const isOf = (row: StoredRow) => row.streamId === stream
        return commits.some(isOf) || segments.some((row) => isOf(row) && row.squeezed === undefined)
      },
      { timeout: 20_000 },
    )
    .toBe(false)
}

export type Attempt = () => Promise<unknown>

/** Checks that each attempt is refused with what its error must hold. */
export async function expectRefused(
  attempts: Readonly<Record<string, readonly [Attempt, object]>>,
): Promise<void> {
  for (const [what, [attempt, error]] of Object.entries(attempts))
    expect(await rejectionOf(attempt()).catch((none: unknown) => none), what).toMatchObject(error)
}
