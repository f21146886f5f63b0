import { expect, test } from 'vitest'
import { HOSTILE_NAMES } from '../core/artifact/hostile-names.ts'
import { expectSound, visit, visitAgain } from '../origin/visit.ts'
import { createOldDocument } from './old-document.ts'
import { type Attempt, DEADLINE_MS, expectNothingStored, expectRefused } from './unchanged.ts'

/** More than a name may have, and what no name may hold. */
const UNNAMEABLE = {
  'nothing but 256 characters': 'n'.repeat(256),
  'a zero character': 'a\u0000b',
  'a line break': 'a\nb',
  'a tab': 'a\tb',
  'an escape': '\u001b[31mred',
  'a deletion': 'a\u007f',
  'a control of the upper range': 'a\u0085b',
  'half a surrogate pair': 'a\ud800',
}

test('BI10 a name that is too long or holds control characters is refused, whatever it names', async () => {
  const opened = await visit({ deadlineMs: DEADLINE_MS })
  const { holdfast } = opened
  const session = await holdfast.sessions.create({ name: 'before' })
  const artifact = await session.artifacts.store({ name: 'before', content: 'x' })
  const old = await createOldDocument()
  const tag = (path: string) => ({ code: 'INVALID_ARGUMENT', details: { path } })
  const name = { name: 'InputError', code: 'INVALID_NAME' }
  await expectNothingStored(opened, async () => {
    for (const [what, text] of Object.entries(UNNAMEABLE)) {
      const refused: Record<string, readonly [Attempt, object]> = {
        session: [() => holdfast.sessions.create({ name: text }), name],
        'session that is edited': [() => session.edit({ name: text }), name],
        fork: [() => session.fork({ name: text }), name],
        artifact: [() => session.artifacts.store({ name: text, content: 'x' }), name],
        'artifact that is looked for': [() => session.artifacts.get({ name: text }), name],
        'versions that are looked for': [() => session.artifacts.versions(text), name],
        document: [() => holdfast.adopt.yIndexedDB(old, { session, document: text }), name],
        scope: [() => holdfast.state({ scope: text }).set('k', 1), tag('target.scope')],
        tag: [() => holdfast.sessions.create({ tags: ['ok', text] }), tag('tags.1')],
        'tag that is edited': [() => session.edit({ tags: [text] }), tag('tags.0')],
        'tag of an artifact': [
          () => session.artifacts.store({ name: 'a', tags: ['ok', text], content: 'x' }),
          tag('tags.1'),
        ],
        'tag of an artifact that is edited': [
          () => session.artifacts.edit(artifact, { tags: [text] }),
          tag('tags.0'),
        ],
        'kind of an artifact': [
          () => session.artifacts.store({ name: 'a', kind: text, content: 'x' }),
          tag('kind'),
        ],
        'event type': [() => session.emit(text, {}), tag('type')],
        // One character more than the other names: 256 are a key.
        'state key': [() => session.state.set(text.length === 256 ? `${text}x` : text, 1), name],
        step: [() => session.step(text, null, async () => 1), { code: 'INVALID_ARGUMENT' }],
        run: [() => session.run(text, async () => 1), { code: 'INVALID_ARGUMENT' }],
        label: [() => session.save({ label: text }), { code: 'INVALID_ARGUMENT' }],
      }
      await expectRefused(
        Object.fromEntries(Object.entries(refused).map(([which, one]) => [`${what} as ${which}`, one])),
      )
    }
  })
  await session.state.set('k'.repeat(256), 1)
  await expectSound(opened)
})

test('BI11 hostile names are data: sessions, artifacts, tags and state keys of them are found by exactly them', async () => {
  const first = await visit({ deadlineMs: DEADLINE_MS })
  for (const name of HOSTILE_NAMES) {
    const session = await first.holdfast.sessions.create({ name, tags: [name] })
    for (const key of HOSTILE_NAMES) await session.state.set(key, `${key} of ${name}`)
    await session.artifacts.store({ name, tags: [name], content: name })
  }
  const next = await visitAgain(first)
  const { sessions } = next.holdfast
  for (const name of HOSTILE_NAMES) {
    const { items } = await sessions.list({ tags: [name] })
    expect(items.map((one) => one.name)).toEqual([name])
    expect((await sessions.list({ search: name })).items.map((one) => one.name)).toContain(name)
    const session = await sessions.open(items[0]?.id ?? '')
    expect(Object.fromEntries(session.state.entries())).toEqual(
      Object.fromEntries(HOSTILE_NAMES.map((key) => [key, `${key} of ${name}`])),
    )
    const artifacts = await session.artifacts.list({ tags: [name] })
    expect(artifacts.items.map((one) => one.name)).toEqual([name])
    expect(await (await session.artifacts.get({ name }))?.text()).toBe(name)
  }
  expect((await sessions.list({ count: true })).total).toBe(HOSTILE_NAMES.length)
  await expectSound(next)
})

test('BI12 the names of prototypes are data where they can be kept, and refused where they cannot', async () => {
  const first = await visit({ deadlineMs: DEADLINE_MS })
  const names = ['constructor', 'toString', 'hasOwnProperty', 'prototype']
  const session = await first.holdfast.sessions.create({ name: '__proto__', tags: ['__proto__', ...names] })
  for (const key of names) await session.state.set(key, key)
  await session.artifacts.store({ name: '__proto__', content: 'x' })
  await expectNothingStored(first, () =>
    expectRefused({ 'a state key': [() => session.state.set('__proto__', 1), { code: 'INVALID_NAME' }] }),
  )
  expect(session.state.get('valueOf')).toBeUndefined()
  const next = await visitAgain(first)
  const again = await next.holdfast.sessions.open(session.id)
  expect(again.info).toMatchObject({ name: '__proto__', tags: ['__proto__', ...names] })
  expect(again.state.keys()).toEqual(names.toSorted())
  expect(await (await again.artifacts.get({ name: '__proto__' }))?.text()).toBe('x')
  expect((await next.holdfast.sessions.list({ tags: ['constructor'] })).items).toHaveLength(1)
  await expectSound(next)
})

test('BI13 an event of a reserved or impossible type is refused', async () => {
  const opened = await visit({ deadlineMs: DEADLINE_MS })
  const session = await opened.holdfast.sessions.create()
  const reserved = ['session', 'state', 'artifact', 'document', 'step', 'run', 'hook', 'import']
  const impossible = ['', '.', 'a.', '.a', 'a..b', 'A.b', 'a b', 'größe', '*', 'step.*', 'x'.repeat(129)]
  await expectNothingStored(opened, () =>
    expectRefused(
      Object.fromEntries([
        ...reserved.map((prefix) => [
          prefix,
          [
            () => session.emit(`${prefix}.completed`, {}),
            { code: 'INVALID_ARGUMENT', details: { type: `${prefix}.completed`, reserved: `${prefix}.` } },
          ] as const,
        ]),
        ...impossible.map((type) => [
          `impossible ${type}`,
          [() => session.emit(type, {}), { code: 'INVALID_ARGUMENT', details: { path: 'type' } }] as const,
        ]),
      ]),
    ),
  )
  expect(await session.emit('sessions.counted', {})).toMatchObject({ type: 'sessions.counted' })
  await expectSound(opened)
})
