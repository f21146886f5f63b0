import { expect, test } from 'vitest'
import type { SessionId } from '../../src/core/ids.ts'
import type { Tables } from '../../src/core/ports.ts'
import type { SessionRecord } from '../../src/core/session/record.ts'
import { withLiveSessions } from '../../src/engine/live-tables.ts'
import { deferred } from '../core/hook/harness.ts'

const ONE = 'one' as SessionId
const OTHER = 'other' as SessionId
const record = { status: 'active' } as SessionRecord

function rig() {
  const reads: ReturnType<typeof deferred<SessionRecord | undefined>>[] = []
  const live = new Map<string, SessionRecord>()
  const tables = {
    session: () => {
      const read = deferred<SessionRecord | undefined>()
      reads.push(read)
      return read.promise
    },
  } as Partial<Tables> as Tables
  const { session } = withLiveSessions(tables, (stream) => live.get(stream))
  const passed: string[] = []
  const call = (name: string, id: SessionId) => {
    const pass = () => void passed.push(name)
    session(id).then(pass, pass)
  }
  return { reads, live, passed, call }
}

const settled = () => new Promise((resolve) => setTimeout(resolve))

test('JO38 a call that finds the record of its session at hand does not pass one that still reads it', async () => {
  const { reads, live, passed, call } = rig()
  call('first', ONE)
  call('second', ONE)
  live.set(ONE, record)
  live.set(OTHER, record)
  call('third', ONE)
  call('of another', OTHER)
  await settled()
  expect(passed).toEqual(['of another'])
  // Whichever reading ends first, and however.
  reads[1]?.resolve(undefined)
  await settled()
  expect(passed).toEqual(['of another'])
  reads[0]?.reject(new Error('unreadable'))
  await settled()
  expect(passed).toEqual(['of another', 'first', 'second', 'third'])
  call('fourth', ONE)
  await Promise.resolve()
  await Promise.resolve()
  expect(passed.at(-1)).toBe('fourth')
  expect(reads).toHaveLength(2)
})
