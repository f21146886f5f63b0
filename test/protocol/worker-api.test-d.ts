import { expectTypeOf, test } from 'vitest'
import type { SessionId } from '../../src/core/ids.ts'
import type { StateValue } from '../../src/core/state/value.ts'
import type { Checked, WireApi, WireSafe } from '../../src/protocol/wire-safe.ts'
import type { WorkerApi } from '../../src/protocol/worker-api.ts'

class Instance {
  readonly #secret = 1
  readonly shown = this.#secret
}

class Speaking {
  speak(): string {
    return ''
  }
}

type Argument<Value> = { readonly call: (input: { readonly value: Value }) => null }
type Answer<Value> = { readonly call: (input: null) => { readonly value: Value } }

/** Whether a table with this value in an argument and in an answer stays as it is. */
type Crosses<Value> = [Argument<Value>, Answer<Value>] extends [
  WireSafe<Argument<Value>>,
  WireSafe<Answer<Value>>,
]
  ? true
  : false

test('WI1 every method of the worker can cross', () => {
  expectTypeOf<WireApi>().toEqualTypeOf<WorkerApi>()
})

test('WI1 plain data, bytes, blobs and streams cross', () => {
  expectTypeOf<Crosses<string | number | boolean | bigint | null | undefined>>().toEqualTypeOf<true>()
  expectTypeOf<Crosses<Uint8Array | ArrayBuffer | Blob | ReadableStream<Uint8Array>>>().toEqualTypeOf<true>()
  expectTypeOf<Crosses<StateValue>>().toEqualTypeOf<true>()
  expectTypeOf<Crosses<SessionId>>().toEqualTypeOf<true>()
  expectTypeOf<
    Crosses<readonly { readonly a?: number; readonly b: readonly string[] }[]>
  >().toEqualTypeOf<true>()
  expectTypeOf<Crosses<Readonly<Record<string, { readonly a: 1 } | null>>>>().toEqualTypeOf<true>()
})

test('WI1 functions, symbols, classes and their instances do not', () => {
  expectTypeOf<Crosses<() => void>>().toEqualTypeOf<false>()
  expectTypeOf<Crosses<symbol>>().toEqualTypeOf<false>()
  expectTypeOf<Crosses<Instance>>().toEqualTypeOf<false>()
  expectTypeOf<Crosses<Speaking>>().toEqualTypeOf<false>()
  expectTypeOf<Crosses<typeof Instance>>().toEqualTypeOf<false>()
  expectTypeOf<Crosses<Promise<string>>>().toEqualTypeOf<false>()
  expectTypeOf<Crosses<string | (() => void)>>().toEqualTypeOf<false>()
  expectTypeOf<
    Crosses<readonly { readonly deep: { readonly inside?: () => void } }[]>
  >().toEqualTypeOf<false>()
})

test('WI1 a table with a method that cannot cross does not compile', () => {
  type Fine = { readonly get: (input: { readonly id: string }) => string | null }
  expectTypeOf<Checked<Fine>>().toEqualTypeOf<Fine>()
  // @ts-expect-error a callback in an argument
  type _Argument = Checked<{ readonly get: (input: { readonly done: () => void }) => null }>
  // @ts-expect-error an instance in an answer
  type _Answer = Checked<{ readonly get: (input: null) => Instance }>
  // @ts-expect-error no method at all
  type _Property = Checked<{ readonly version: number }>
})
