import wasm from '@automerge/automerge/automerge.wasm?url'
import { initializeWasm, Repo } from '@automerge/automerge-repo/slim'
import { beforeAll, expect, test } from 'vitest'
import { createKeyValue } from '../../../src/adapters/key-value/key-value.ts'
import type { Session } from '../../../src/client/session-handle.ts'
import { open, openAgain } from '../../client/open.ts'

interface Note {
  readonly lines: string[]
}

beforeAll(() => initializeWasm(wasm))

const openRepo = (session: Session) => new Repo({ storage: createKeyValue(session) })

test('KV8 documents of automerge-repo are there after a restart, and in a tab that looks for them', {
  timeout: 60_000,
}, async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create({ id: 'repo' })
  const repo = openRepo(session)
  const written = repo.create<Note>({ lines: ['first'] })
  for (let count = 1; count <= 5; count += 1) written.change(({ lines }) => lines.push(`line ${count}`))
  await repo.flush()

  const tab = await openAgain(opened)
  const other = openRepo(await tab.holdfast.sessions.open(session.id))
  expect((await other.find<Note>(written.url)).doc().lines).toHaveLength(6)
  await Promise.all([repo.shutdown(), other.shutdown()])
  await Promise.all([opened.holdfast.close(), tab.holdfast.close()])

  const again = await openAgain(opened)
  const found = openRepo(await again.holdfast.sessions.open(session.id))
  const { lines } = (await found.find<Note>(written.url)).doc()
  expect(lines).toEqual(['first', 'line 1', 'line 2', 'line 3', 'line 4', 'line 5'])
  await found.shutdown()
})
