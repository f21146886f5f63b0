/** A store of a test's own, seen through the public API alone. */
import { expect, onTestFinished } from 'vitest'
import { type App, type Holdfast, type OpenOptions, openHoldfast } from '../../src/index.ts'
import { checkLaws } from '../../src/testing/index.ts'

export interface Visit<A extends App = App> {
  readonly holdfast: Holdfast<A>
  readonly name: string
}

export async function visit<A extends App = App>(options: Partial<OpenOptions<A>> = {}): Promise<Visit<A>> {
  const name = options.name ?? `origin-${crypto.randomUUID()}`
  const holdfast = await openHoldfast<A>({ ...options, name })
  onTestFinished(() => holdfast.close())
  return { holdfast, name }
}

/** What a person who comes back finds: everything in memory is gone. */
export async function visitAgain<A extends App = App>(
  last: Visit,
  options: Partial<OpenOptions<A>> = {},
): Promise<Visit<A>> {
  await last.holdfast.close()
  return visit<A>({ ...options, name: last.name })
}

/** Ends the visit, and checks that what it leaves behind keeps the laws. */
export async function expectSound({ holdfast, name }: Visit): Promise<void> {
  await holdfast.close()
  expect(await checkLaws(name)).toEqual([])
}
