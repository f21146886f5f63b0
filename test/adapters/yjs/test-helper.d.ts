/** What the tests use of the suite that Yjs publishes without types. */
declare module 'yjs/testHelper' {
  import type { PRNG } from 'lib0/prng'
  import type { Doc } from 'yjs'

  export interface TestConnector {
    readonly prng: PRNG
    readonly onlineConns: Set<TestYInstance>
    flushRandomMessage(): boolean
    flushAllMessages(): boolean
  }

  export interface TestYInstance extends Doc {
    readonly tc: TestConnector
    readonly receiving: Map<TestYInstance, Uint8Array[]>
  }

  /** Makes five users, lets them edit and meet at random, and compares them. */
  export function applyRandomTests(
    test: { readonly prng: PRNG },
    edits: readonly ((doc: Doc, random: PRNG) => void)[],
    iterations: number,
    initTestObject: (user: TestYInstance) => void,
  ): void
}
