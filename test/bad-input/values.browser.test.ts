import { expect, test } from 'vitest'
import { defineStep, type StateValue } from '../../src/index.ts'
import { rejectionOf } from '../client/rejection.ts'
import { expectSound, visit, visitAgain } from '../origin/visit.ts'
import { type Attempt, DEADLINE_MS, expectNothingStored, expectRefused } from './unchanged.ts'

class Money {
  readonly cents = 7
}

const cycle: { self?: unknown } = {}
cycle.self = cycle

const DEEP = Array.from({ length: 70 }).reduce<unknown>((inner) => [inner], 1)

/** By the reason that the error gives. */
const UNSTORABLE = {
  'a function': () => 1,
  'a symbol': Symbol('s'),
  'a bigint': 1n,
  undefined,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  'an object of class Date': new Date(),
  'an object of class Map': new Map([['a', 1]]),
  'an object of class Money': new Money(),
  'an object of class Promise': Promise.resolve(1),
  'an object of class Int32Array': new Int32Array(2),
  'an object with a symbol as key': { [Symbol('k')]: 1 },
  'a string with half a surrogate pair': 'half \ud800',
}

/** Where only the beginning of the path is foreseeable. */
const WITHIN = {
  'a cycle': cycle,
  'nested deeper than 64 levels': DEEP,
  'under the key __proto__': JSON.parse('{"__proto__":1}'),
}

test('BI7 a value that cannot be stored is refused by its path, wherever it is given', async () => {
  const opened = await visit({ deadlineMs: DEADLINE_MS })
  const { holdfast } = opened
  const session = await holdfast.sessions.create({ name: 'before' })
  const artifact = await session.artifacts.store({ name: 'before', content: 'x' })
  const shared = holdfast.state({ scope: 'global' })
  await shared.ready
  const places = (bad: Readonly<Record<string, StateValue>>): Record<string, Attempt> => ({
    k: () => session.state.set('k', bad),
    scope: () => shared.set('scope', bad),
    data: () => session.emit('it.was', bad),
    metadata: () => holdfast.sessions.create({ metadata: bad }),
    first: () => holdfast.sessions.create({ state: { first: bad } }),
    'metadata (edit)': () => session.edit({ metadata: bad }),
    'metadata (artifact)': () => session.artifacts.store({ name: 'a', metadata: bad, content: 'x' }),
    'metadata (edit of an artifact)': () => session.artifacts.edit(artifact, { metadata: bad }),
  })
  await expectNothingStored(opened, async () => {
    for (const [reason, value] of Object.entries({ ...UNSTORABLE, ...WITHIN })) {
      // What no types let through is what this is about.
      const bad = { list: [1, { inside: value }] } as Readonly<Record<string, StateValue>>
      for (const [place, attempt] of Object.entries(places(bad))) {
        const path = `${place.split(' ')[0]}.list.1.inside`
        await expectRefused({
          [`${reason} as ${place}`]: [
            attempt,
            {
              name: 'InputError',
              code: 'INVALID_VALUE',
              details: { reason, path: reason in WITHIN ? expect.stringContaining(path) : path },
            },
          ],
        })
      }
    }
  })
  expect(session.state.keys()).toEqual([])
  expect(shared.keys()).toEqual([])
  await expectSound(opened)
})

test('BI8 a value that no step can record is refused before its body runs, or fails the step that gave it', async () => {
  const opened = await visit({ deadlineMs: DEADLINE_MS })
  const session = await opened.holdfast.sessions.create()
  let ran = 0
  const give = (value: unknown) =>
    defineStep({
      id: 'tool:give',
      version: 1,
      purity: 'pure',
      run: (_input: unknown) => {
        ran += 1
        return value
      },
    })
  const bad = Object.entries({
    'a function': () => 1,
    'a symbol': Symbol('s'),
    NaN: Number.NaN,
    'of a class': new Money(),
    'a cycle': cycle,
  })
  await expectNothingStored(opened, async () => {
    for (const [reason, value] of bad) {
      const error = {
        code: 'INVALID_VALUE',
        details: { path: expect.stringMatching(/^list\.1\.inside/), reason: expect.stringContaining(reason) },
      }
      await expectRefused({
        [`${reason} to a step`]: [() => session.step(give(1), { list: [1, { inside: value }] }), error],
        [`${reason} to a run`]: [
          () => session.run('analyse', { input: { list: [1, { inside: value }] } }, async () => 1),
          error,
        ],
      })
    }
  })
  expect(ran).toBe(0)
  for (const [reason, value] of bad)
    expect(await rejectionOf(session.step(give([value]), null)), reason).toMatchObject({
      code: 'STEP_FAILED',
      cause: { code: 'INVALID_VALUE', details: { path: expect.stringMatching(/^0/) } },
    })
  expect(ran).toBe(bad.length)
  const { items } = await session.timeline.query({ types: ['step.*'] })
  expect(items.map(({ type }) => type)).toEqual(bad.flatMap(() => ['step.started', 'step.failed']))
  await expectSound(opened)
})

test('BI9 a value over 64 KB is refused with its size, and one of exactly 64 KB is stored', async () => {
  const first = await visit({ deadlineMs: DEADLINE_MS })
  const { holdfast } = first
  const session = await holdfast.sessions.create({ state: { k: 'before' } })
  // Two bytes say what it is.
  const largest = 'x'.repeat(65_534)
  const tooLarge = (path: string, sizeBytes: number) => ({
    code: 'VALUE_TOO_LARGE',
    details: { path, limitBytes: 65_536, sizeBytes },
  })
  await expectNothingStored(first, () =>
    expectRefused({
      text: [() => session.state.set('k', `${largest}x`), tooLarge('k', 65_537)],
      'text of two bytes a character': [
        () => session.state.set('k', 'é'.repeat(32_768)),
        tooLarge('k', 65_538),
      ],
      bytes: [() => session.state.set('k', new Uint8Array(65_535)), tooLarge('k', 65_537)],
      'the first state': [
        () => holdfast.sessions.create({ state: { k: `${largest}x` } }),
        tooLarge('k', 65_537),
      ],
      'data of an event': [() => session.emit('it.was', `${largest}x`), tooLarge('data', 65_537)],
      'far too large': [
        () => session.state.set('k', 'x'.repeat(5_000_000)),
        { code: 'VALUE_TOO_LARGE', details: { path: 'k', limitBytes: 65_536 } },
      ],
      metadata: [
        () => session.edit({ metadata: { m: 'x'.repeat(16_384) } }),
        { code: 'VALUE_TOO_LARGE', details: { path: 'metadata', limitBytes: 16_384 } },
      ],
    }),
  )
  expect(session.state.get('k')).toBe('before')
  await session.state.set('k', largest)
  const next = await visitAgain(first)
  const again = await next.holdfast.sessions.open(session.id)
  expect(again.state.get('k')).toBe(largest)
  await expectSound(next)
})
