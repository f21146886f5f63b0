import 'fake-indexeddb/auto'
import { expect, onTestFinished, test } from 'vitest'
import { isHoldfastError } from '../../src/core/errors.ts'
import { defineHook } from '../../src/core/hook/define-hook.ts'
import type { HookContext, HookDefinition } from '../../src/core/hook/definition.ts'
import { startEngine } from './rig.ts'

type Gate = (context: HookContext) => Promise<undefined>

/** An engine with a session, and a hook that gates the key `token`. */
async function gated(run: Gate, timeoutMs = 4_000) {
  const hook = defineHook({
    id: 'gate',
    version: 1,
    point: 'state:write',
    stage: 'before',
    when: { names: ['token'] },
    timeoutMs,
    run: (_payload, context) => run(context),
  })
  const tab = await startEngine(`aside-${crypto.randomUUID()}`, {}, [hook as HookDefinition])
  onTestFinished(() => tab.engine.close())
  const { record } = await tab.call('sessions.create', { name: 'one' })
  const target = { session: record.id }
  let calls = 1_000
  /** How a write ended: its error's code, if any. */
  const write = async (
    key: string,
    value: number,
    frame: { deadlineMs?: number; hookPath?: readonly string[] } = {},
  ) => {
    calls += 1
    const input = { target, changes: [{ key, value }] }
    const call = { id: calls, method: 'state.write', input, deadlineMs: 5_000, ...frame } as const
    return tab.client.call(call).then(
      () => 'stored',
      (error: unknown) => (isHoldfastError(error) ? error.code : error),
    )
  }
  /** A sensitive value at the key that the hook gates, and an open one at another key. */
  const writeAside = () =>
    tab.call('state.write', {
      target,
      changes: [
        { key: 'token', value: 'secret', class: 'sensitive' },
        { key: 'login', value: 1 },
      ],
    })
  return { ...tab, session: record.id, write, writeAside, lastCall: () => calls }
}

test('HO24 a hook that writes into the write which runs it is answered, also while a value that stands aside holds the keys', async () => {
  const ends: unknown[] = []
  const { write, writeAside, read, session } = await gated(async ({ hookPath }) => {
    for (const key of ['token', 'login', 'third']) ends.push(await write(key, 0, { hookPath }))
    return undefined
  })
  expect(await writeAside()).not.toHaveProperty('refused')
  expect(ends).toEqual(['HOOK_REENTRANT', 'stored', 'stored'])
  expect(await read(session, 'login')).toBe(1)
})

test('SC22 who gives up waiting for a value that stands aside stores nothing, and later writes still wait for that value', async () => {
  let release = () => {}
  const held = new Promise<undefined>((resolve) => {
    release = () => resolve(undefined)
  })
  const { write, writeAside, read, session, send, lastCall } = await gated(() => held)
  const first = writeAside()
  const expired = write('login', 2, { deadlineMs: 50 })
  const given = write('login', 3)
  send({ type: 'abort', id: lastCall() })
  expect(await given).toBe('ABORTED')
  expect(await expired).toBe('DEADLINE')
  const last = write('login', 4)
  expect(await write('other', 0)).toBe('stored')
  expect(await read(session, 'login')).toBeUndefined()
  release()
  await first
  expect(await last).toBe('stored')
  expect(await read(session, 'login')).toBe(4)
})

test('SC22 where a hook was late and a write of its page waited for what it gates, the error says that this may be why', async () => {
  const { write, writeAside } = await gated(
    // By a handle that was not bound to the hook.
    () => write('token', 0).then(() => undefined),
    30,
  )
  expect(await writeAside()).toMatchObject({
    refused: [
      {
        key: 'token',
        error: { code: 'HOOK_TIMEOUT', message: expect.stringMatching(/waited for this one/) },
      },
    ],
  })
})

test('SC22 a hook that is late by itself is not said to have waited for its own write', async () => {
  const { writeAside } = await gated(() => new Promise(() => {}), 30)
  const { refused } = await writeAside()
  expect(refused?.[0]?.error.code).toBe('HOOK_TIMEOUT')
  expect(refused?.[0]?.error.message).not.toMatch(/waited for this one/)
})
