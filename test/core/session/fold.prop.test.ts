import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CommitRow } from '../../../src/core/commit.ts'
import {
  type CorrelationId,
  clockAt,
  type EventId,
  idAt,
  type SessionId,
  sessionStream,
  type WriterId,
} from '../../../src/core/ids.ts'
import { foldSession } from '../../../src/core/session/fold.ts'
import { type Standing, statusAfter, VERBS, type Verb } from '../../../src/core/session/status.ts'
import type { StoredEvent } from '../../../src/core/timeline/event.ts'
import { makeEvent } from '../../../src/core/timeline/make-event.ts'

const SESSION = 's1' as SessionId
const STREAM = sessionStream(SESSION)

function eventOf(kind: Verb | 'edit' | 'usage', at: number): StoredEvent {
  const id = idAt<EventId>(clockAt(1_000 + at), '8000-000000000001' as WriterId)
  const frame = { correlationId: 'c' as CorrelationId }
  switch (kind) {
    case 'suspend':
      return makeEvent(id, 'session.suspended', {}, frame)
    case 'resume':
      return makeEvent(id, 'session.resumed', {}, frame)
    case 'complete':
      return makeEvent(id, 'session.completed', {}, frame)
    case 'fail':
      return makeEvent(id, 'session.failed', { reason: String(at) }, frame)
    case 'reopen':
      return makeEvent(id, 'session.reopened', { reason: String(at) }, frame)
    case 'archive':
      return makeEvent(id, 'session.archived', { from: 'active' }, frame)
    case 'unarchive':
      return makeEvent(id, 'session.unarchived', { to: 'active' }, frame)
    case 'edit':
      return makeEvent(id, 'session.edited', { name: String(at) }, frame)
    case 'usage':
      return makeEvent(id, 'message.added', { role: 'user', content: '', usage: { costUsd: at / 7 } }, frame)
  }
}

const birth = makeEvent(
  idAt<EventId>(clockAt(1), '8000-000000000001' as WriterId),
  'session.created',
  { name: '', description: '', tags: [], metadata: {}, limits: {} },
  { correlationId: 'c' as CorrelationId },
)

function rowsOf(events: readonly StoredEvent[], sizes: readonly number[]): readonly CommitRow[] {
  const rows: CommitRow[] = []
  let left = [...events]
  for (const size of [...sizes, events.length]) {
    const own = left.slice(0, size)
    left = left.slice(size)
    if (own.length > 0) rows.push({ stream: STREAM, events: own, seq: rows.length + 1 } as never)
  }
  return rows
}

const kinds = fc.array(fc.constantFrom<Verb | 'edit' | 'usage'>(...VERBS, 'edit', 'usage'), { maxLength: 30 })

test('SE19, TR6 the record is the same in rows of any size and, as a whole, in any order', () => {
  fc.assert(
    fc.property(
      kinds,
      fc.array(fc.integer({ min: 1, max: 5 })),
      fc.func(fc.integer()),
      (sequence, sizes, shuffle) => {
        const events = [birth, ...sequence.map(eventOf)]
        const whole = foldSession(undefined, STREAM, rowsOf(events, []))
        let record = foldSession(undefined, STREAM, [])
        for (const row of rowsOf(events, sizes)) record = foldSession(record, STREAM, [row])
        expect(record).toEqual(whole)
        const shuffled = events.toSorted((a, b) => shuffle(a.id) - shuffle(b.id))
        expect(foldSession(undefined, STREAM, rowsOf(shuffled, sizes))).toEqual(whole)
      },
    ),
  )
})

test('TR6 the status is what the allowed verbs lead to, one after the other, the others skipped', () => {
  fc.assert(
    fc.property(kinds, (sequence) => {
      let standing: Standing = { id: SESSION, status: 'active' }
      for (const kind of sequence) {
        if (kind === 'edit' || kind === 'usage') continue
        const status = statusAfter(standing, kind)
        if (status === undefined) continue
        const archivedFrom =
          status === 'archived' && standing.status !== 'archived' ? { archivedFrom: standing.status } : {}
        standing = { id: SESSION, status, ...archivedFrom }
      }
      const record = foldSession(undefined, STREAM, rowsOf([birth, ...sequence.map(eventOf)], []))
      expect(record?.status).toBe(standing.status)
      expect(record?.archivedFrom).toBe(standing.archivedFrom)
    }),
  )
})
