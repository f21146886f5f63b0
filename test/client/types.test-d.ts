import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import {
  type Artifact,
  defineApp,
  defineStep,
  type Holdfast,
  openHoldfast,
  type Session,
  type StateValue,
  type StepContext,
} from '../../src/index.ts'

const app = defineApp({
  state: { last_command: z.string(), progress: z.coerce.number() },
  events: { 'order.placed': z.object({ id: z.string() }) },
  templates: { analysis: { tags: ['analysis'] } },
})

declare const typed: Session<typeof app>
declare const untyped: Session
declare const holdfast: Holdfast<typeof app>

test('PG13 the types of state follow from its schemas: written by their input, read by their output', () => {
  expectTypeOf(typed.state.get('last_command')).toEqualTypeOf<string | undefined>()
  expectTypeOf(typed.state.get('progress')).toEqualTypeOf<number | undefined>()
  expectTypeOf(typed.state.set<'last_command'>)
    .parameter(1)
    .toEqualTypeOf<string>()
  expectTypeOf(typed.state.set<'progress'>)
    .parameter(1)
    .toEqualTypeOf<unknown>()
  expectTypeOf(typed.state.keys()).toEqualTypeOf<readonly ('last_command' | 'progress')[]>()
  typed.state.subscribe((change) => {
    expectTypeOf(change.key).toEqualTypeOf<'last_command' | 'progress'>()
    if (change.key === 'progress') expectTypeOf(change.value).toEqualTypeOf<number | undefined>()
  })
  // @ts-expect-error no such key
  void typed.state.set('other', 1)
  // @ts-expect-error not what the schema takes
  void typed.state.set('last_command', 7)
})

test('PG13 without an app everything that state can hold goes', () => {
  expectTypeOf(untyped.state.get('anything')).toEqualTypeOf<StateValue | undefined>()
  void untyped.state.set('anything', { a: [1, 'x', null, new Uint8Array()] })
  // @ts-expect-error a Date is no state value
  void untyped.state.set('anything', new Date())
  // @ts-expect-error nor is a function
  void untyped.state.set('anything', () => {})
})

test('PG9 the data of an event follows from its schema', () => {
  void typed.emit('order.placed', { id: '7' })
  // @ts-expect-error the id is missing
  void typed.emit('order.placed', {})
  // @ts-expect-error no such event
  void typed.emit('order.lost', { id: '7' })
  void untyped.emit('anything.at.all', [1, 2])
})

test('PG2 a template is named by the names of the app', () => {
  void holdfast.sessions.create({ template: 'analysis' })
  // @ts-expect-error no such template
  void holdfast.sessions.create({ template: 'other' })
  expectTypeOf(holdfast.sessions.open('x')).resolves.toEqualTypeOf<Session<typeof app>>()
})

test('PG60 a step takes what its schema takes, its body gets what the schema puts out, its call gives what the body gives', () => {
  const step = defineStep({
    id: 'tool:sql',
    version: 1,
    purity: 'pure',
    input: z.object({ limit: z.string().transform(Number) }),
    run: (input, context) => {
      expectTypeOf(input).toEqualTypeOf<{ limit: number }>()
      expectTypeOf(context).toEqualTypeOf<StepContext>()
      expectTypeOf(context.session).toEqualTypeOf<Session>()
      return [input.limit]
    },
  })
  expectTypeOf(untyped.step(step, { limit: '7' })).resolves.toEqualTypeOf<number[]>()
  // @ts-expect-error the schema takes a text
  void untyped.step(step, { limit: 7 })
  expectTypeOf(defineApp({ steps: [step] }).steps).not.toBeUndefined()
})

test('PG60 a step without a schema takes what its body takes, also one written where it is called', () => {
  const step = defineStep({
    id: 'a',
    version: 1,
    purity: 'effect',
    run: async (input: { n: number }) => input.n,
  })
  expectTypeOf(untyped.step(step, { n: 1 })).resolves.toEqualTypeOf<number>()
  // @ts-expect-error n is a number
  void untyped.step(step, { n: '1' })
  expectTypeOf(untyped.step('b', { n: 1 }, ({ n }) => `${n}`)).resolves.toEqualTypeOf<string>()
  const codec = { encode: (value: Date) => value.getTime(), decode: () => new Date() }
  defineStep({ id: 'c', version: 1, purity: 'pure', codec, run: () => new Date() })
  // @ts-expect-error the codec is for another kind of result
  defineStep({ id: 'c', version: 1, purity: 'pure', codec, run: () => 'text' })
})

test('PG70 a run gives what its body gives, and its body gets its input', () => {
  const result = untyped.run('analyse', { input: { n: 1 } }, async (run) => {
    expectTypeOf(run.input).toEqualTypeOf<{ n: number }>()
    return run.step('b', run.input, ({ n }) => n > 0)
  })
  expectTypeOf(result).resolves.toEqualTypeOf<boolean>()
  expectTypeOf(untyped.run('short', () => 7)).resolves.toEqualTypeOf<number>()
})

test('PG50 a hook can answer what its point and stage have a use for', () => {
  const options = { id: 'h', version: 1 }
  holdfast.hooks.before(
    'state:write',
    ({ key, value }, { modify, cancel }) => (value === null ? cancel(key) : modify({ value: 1 })),
    options,
  )
  holdfast.hooks.before('session:save', async () => undefined, options)
  holdfast.hooks.after('session:save', () => {}, options)
  holdfast.hooks.before('step:run', (_draft, { replace }) => replace(7), options)
  holdfast.hooks.record(
    'step:run',
    ({ result }, { collect, modify }) => (result === undefined ? collect([]) : modify({ result: 1 })),
    options,
  )
  // @ts-expect-error nothing is stored in the stead of a save
  holdfast.hooks.before('session:save', (_payload, { replace }) => replace(1), options)
  // @ts-expect-error what has happened cannot be cancelled
  holdfast.hooks.after('session:save', (_payload, { cancel }) => cancel('late'), options)
  // @ts-expect-error a save has nothing to record
  holdfast.hooks.record('session:save', () => undefined, options)
  // @ts-expect-error the key of a write stays
  holdfast.hooks.before('state:write', (_payload, { modify }) => modify({ key: 'other' }), options)
  // @ts-expect-error no such point
  holdfast.hooks.before('session:dance', () => undefined, options)
  // @ts-expect-error a hook has a version
  holdfast.hooks.before('session:save', () => undefined, { id: 'h' })
})

test('PG30 an artifact takes bytes, blobs, text and streams, and nothing else', () => {
  const store = (content: Parameters<Session['artifacts']['store']>[0]['content']) =>
    untyped.artifacts.store({ name: 'a', content })
  expectTypeOf(store).returns.resolves.toEqualTypeOf<Artifact>()
  void store(new File([], 'a'))
  void store(new Response('').body ?? '')
  // @ts-expect-error an object is no bytes
  void store({ a: 1 })
})

test('PG1 the options of opening', () => {
  void openHoldfast({
    name: 'a',
    app,
    actor: { id: 'ada' },
    worker: () => new Worker('/w.js'),
    workerUrl: '/w.js',
    durability: 'strict',
    deadlineMs: 1,
    signal: new AbortController().signal,
  })
  // @ts-expect-error a database has a name
  void openHoldfast({})
  // @ts-expect-error no such option
  void openHoldfast({ name: 'a', nmae: 'b' })
})
