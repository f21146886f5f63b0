import 'fake-indexeddb/auto'
import { expect, onTestFinished, test } from 'vitest'
import type { HeadKey, RowChange } from '../../src/core/commit.ts'
import { createError } from '../../src/core/errors.ts'
import {
  documentStream,
  type EventId,
  idAt,
  type RequestId,
  type SessionId,
  sessionStream,
} from '../../src/core/ids.ts'
import { watchTransactions } from './faults.ts'
import {
  commitWrites,
  createSession,
  eventOf,
  headOf,
  increment,
  openBeside,
  openTab,
  operationOf,
  rowsOf,
  SESSION,
  STREAM,
  setState,
  valuesIn,
} from './rig.ts'

test('JO1 what one operation lands is there whole: its events, its update, its head, its index row', async () => {
  const tab = await openTab()
  await createSession(tab)
  const outcome = await setState(tab, 'a', 1)
  expect(outcome).toMatchObject({ repeated: false, result: 'a' })

  const [created, changed] = await rowsOf(tab)
  expect(created?.events.map((event) => event.type)).toEqual(['session.created'])
  expect(changed?.commitId).toBe(outcome.repeated ? undefined : outcome.commitId)
  expect(changed?.placed).toMatchObject({ at: [expect.any(Number), expect.any(Number)] })
  expect(await tab.tables.head(headOf())).toMatchObject({ status: 'active' })
  expect(await tab.tables.session(SESSION)).toMatchObject({ name: 'one', status: 'active' })
  expect(await valuesIn(tab)).toEqual({ a: 1 })
})

test('JO1 an operation on several streams has one row in each, with one commit id', async () => {
  const tab = await openTab()
  await createSession(tab)
  await createSession(tab, 's2' as SessionId)
  const streams = [STREAM, sessionStream('s2' as SessionId)]
  await commitWrites(tab, () =>
    streams.map((stream) => ({
      stream,
      events: [eventOf(tab.clock, 'state.changed', { changes: [{ key: 'a', value: stream }] })],
    })),
  )
  const [first, second] = await Promise.all(streams.map((stream) => rowsOf(tab, stream)))
  expect(first?.at(-1)?.commitId).toBe(second?.at(-1)?.commitId)
  expect(first).toHaveLength(2)
})

test('JO2 what arrives in one turn shares one transaction and one row per stream', async () => {
  const tab = await openTab()
  await createSession(tab)
  const transactions = watchTransactions(tab)
  const before = tab.documents.applied.length
  const outcomes = await Promise.all(Array.from({ length: 100 }, (_, at) => setState(tab, `k${at}`, at)))

  expect(transactions).toHaveLength(1)
  expect(tab.documents.applied).toHaveLength(before + 1)
  const rows = await rowsOf(tab)
  expect(rows).toHaveLength(2)
  expect(rows[1]?.events).toHaveLength(100)
  expect(new Set(outcomes.map((outcome) => !outcome.repeated && outcome.commitId)).size).toBe(1)
})

test('JO2 what arrives while a transaction is open shares the next one', async () => {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'warm', 0)
  const transactions = watchTransactions(tab)
  const first = setState(tab, 'a', 1)
  while (transactions.length === 0) await Promise.resolve()
  const others = [setState(tab, 'b', 2), setState(tab, 'c', 3)]
  await Promise.all([first, ...others])
  expect(transactions).toHaveLength(2)
  expect((await rowsOf(tab)).map((row) => row.events.length)).toEqual([1, 1, 1, 2])
})

test('JO2 a lone relaxed write is one transaction: where somebody else wrote before it, it reads one head and adds its row behind one that says whose turn it is', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  await setState(other, 'warm', 0)
  const transactions = watchTransactions(other)
  await createSession(tab, 's2' as SessionId)
  // Its number was taken, and it is stored anew.
  await setState(other, 'a', 1)
  const [, again] = transactions
  expect(again).toEqual({
    stores: ['commits', 'heads'],
    durability: 'relaxed',
    requests: ['heads.get', 'commits.add', 'commits.add'],
  })
})

test('JO3 a transaction is strict when one of its operations is, else relaxed', async () => {
  const tab = await openTab()
  await createSession(tab)
  const transactions = watchTransactions(tab)
  await Promise.all([setState(tab, 'a', 1), setState(tab, 'b', 2)])
  await Promise.all([setState(tab, 'c', 3), setState(tab, 'd', 4, { durability: 'strict' })])
  expect(transactions.map(({ durability }) => durability)).toEqual(['relaxed', 'strict'])
})

test('JO4 a decision stands on what is stored: two tabs that count at once lose nothing', async () => {
  const one = await openTab()
  const two = await openBeside(one)
  await createSession(one)
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, at) => increment(at % 2 === 0 ? one : two)),
  )
  const results = outcomes.map((outcome) => (outcome.repeated ? 0 : outcome.result))
  expect(results.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1))
  expect(await one.tables.head(['counter', SESSION, 'calls'])).toBe(20)
})

test('JO4 a tab that guesses wrong what is stored puts nothing of it, and needs one more transaction', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  await increment(tab)
  await increment(other)
  const transactions = watchTransactions(tab)
  const [first, second] = await Promise.all([increment(tab), increment(tab)])
  expect(transactions).toHaveLength(2)
  expect([first, second].map((outcome) => !outcome.repeated && outcome.result)).toEqual([3, 4])
  expect(tab.documents.dropped).toEqual([STREAM])
  expect((await rowsOf(tab)).map((row) => row.events.length)).toEqual([1, 1, 1, 2])
})

test('JO4 a head that was removed and made anew is another one, also where its version is the same', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  await increment(tab)
  const key: HeadKey = ['counter', SESSION, 'calls']
  const write = (value: number | undefined) =>
    other.journal.commit(
      operationOf(other.clock, () => ({ result: 0, resultId: '', writes: [], heads: [{ key, value }] }), {
        heads: [key],
      }),
    )
  await write(undefined)
  await write(100)
  expect(await increment(tab)).toMatchObject({ result: 101 })
})

test('JO4 operations of one turn that write the same head are decided on each other, once each', async () => {
  const tab = await openTab()
  await createSession(tab)
  await increment(tab)
  let decisions = 0
  const counting = Array.from({ length: 10 }, () => {
    return tab.journal.commit(
      operationOf(
        tab.clock,
        (head) => {
          decisions += 1
          const value = Number(head(['counter', SESSION, 'calls'])) + 1
          return {
            result: value,
            resultId: '',
            writes: [],
            heads: [{ key: ['counter', SESSION, 'calls'], value }],
          }
        },
        { heads: [['counter', SESSION, 'calls']] },
      ),
    )
  })
  const outcomes = await Promise.all(counting)
  expect(outcomes.map((outcome) => !outcome.repeated && outcome.result)).toEqual([
    2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
  ])
  expect(decisions).toBe(10)
})

test('JO5 a refusal stands on what is stored, not on what this tab remembers', async () => {
  const one = await openTab()
  const two = await openBeside(one)
  await createSession(one)
  const setStatus = (tab: typeof one, status: string) =>
    tab.journal.commit(
      operationOf(
        tab.clock,
        () => ({
          result: status,
          resultId: '',
          writes: [],
          heads: [{ key: ['counter', SESSION, 'gate'], value: status }],
        }),
        { heads: [['counter', SESSION, 'gate']] },
      ),
    )
  const pass = (tab: typeof one) =>
    tab.journal.commit(
      operationOf(
        tab.clock,
        (head) => {
          if (head(['counter', SESSION, 'gate']) !== 'open') throw createError('SESSION_NOT_ACTIVE', 'closed')
          return { result: 'passed', resultId: '', writes: [] }
        },
        { heads: [['counter', SESSION, 'gate']] },
      ),
    )
  await setStatus(one, 'closed')
  await expect(pass(one)).rejects.toMatchObject({ code: 'SESSION_NOT_ACTIVE' })
  await setStatus(two, 'open')
  await expect(pass(one)).resolves.toMatchObject({ result: 'passed' })
})

test('JO5 what a rule throws by mistake is INTERNAL, and the journal goes on', async () => {
  const tab = await openTab()
  await createSession(tab)
  const broken = operationOf<never>(
    tab.clock,
    () => {
      throw new TypeError('x is undefined')
    },
    { heads: [headOf()] },
  )
  await expect(tab.journal.commit(broken)).rejects.toMatchObject({ code: 'INTERNAL' })
  await expect(setState(tab, 'a', 1)).resolves.toMatchObject({ repeated: false })
})

test('JO6 after five decisions on heads that others changed the call is refused with CONFLICT, and nothing is stored', async () => {
  const tab = await openTab()
  await createSession(tab)
  await increment(tab)
  let decisions = 0
  // Each decision needs a table that its transaction was not opened on, so that none can be stored at once, and each
  // time another writer was quicker.
  const { native } = tab.connection
  const open = native.transaction.bind(native)
  let version = 1
  native.transaction = (stores, mode, options) => {
    if (mode === 'readwrite') {
      version += 1
      const id = ['counter', SESSION, 'calls']
      const head = { id, version, value: version, commitId: `other-${version}` }
      open('heads', 'readwrite').objectStore('heads').put(head)
    }
    return open(stores, mode, options)
  }
  const gone = { key: 'none', change: () => undefined }
  const changes: readonly RowChange[] = [
    { table: 'meta', ...gone },
    { table: 'grants', ...gone },
    { table: 'runs', ...gone },
    { table: 'chunks', ...gone },
    { table: 'contents', ...gone },
  ]
  const operation = operationOf(
    tab.clock,
    (head) => {
      const rows = changes.slice(decisions, decisions + 1)
      decisions += 1
      return {
        result: head(['counter', SESSION, 'calls']),
        resultId: '',
        writes: [],
        rows,
      }
    },
    { heads: [['counter', SESSION, 'calls']] },
  )
  await expect(tab.journal.commit(operation)).rejects.toMatchObject({ code: 'CONFLICT', retryable: true })
  native.transaction = open
  expect(decisions).toBe(5)
  expect(await tab.tables.head(['counter', SESSION, 'calls'])).toBe(version)
})

test('JO7 one that is refused takes no neighbour with it, and those that stood on it are decided anew', async () => {
  const tab = await openTab()
  await createSession(tab)
  await increment(tab, 'calls')
  const failing = tab.journal.commit(
    operationOf(
      tab.clock,
      (head) => ({
        result: 0,
        resultId: '',
        writes: [],
        heads: [
          { key: ['counter', SESSION, 'calls'], value: Number(head(['counter', SESSION, 'calls'])) + 100 },
        ],
        rows: [
          {
            table: 'meta',
            key: 'any',
            change: () => {
              throw createError('ARTIFACT_NOT_FOUND', 'gone')
            },
          },
        ],
      }),
      { heads: [['counter', SESSION, 'calls']] },
    ),
  )
  const next = increment(tab, 'calls')
  await expect(failing).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' })
  await expect(next).resolves.toMatchObject({ result: 2 })
})

test('JO10 a request that was stored is answered with what it made, also after a restart', async () => {
  const tab = await openTab()
  await createSession(tab)
  const requestId = 'request-1' as RequestId
  const first = await increment(tab, 'calls', { requestId })
  const again = await increment(tab, 'calls', { requestId, mayRepeat: true })
  expect(again).toMatchObject({ repeated: true })
  expect(first.repeated).toBe(false)

  const later = await openBeside(tab)
  expect(await increment(later, 'calls', { requestId, mayRepeat: true })).toEqual(again)
  expect(await later.journal.outcomeOf(requestId)).toBe(again.repeated ? again.resultId : '')
  expect(await tab.tables.head(['counter', SESSION, 'calls'])).toBe(1)
})

test('JO10 a request sent twice in one turn is stored once', async () => {
  const tab = await openTab()
  await createSession(tab)
  const options = { requestId: 'twice' as RequestId, mayRepeat: true }
  const [first, second] = await Promise.all([
    increment(tab, 'calls', options),
    increment(tab, 'calls', options),
  ])
  expect(first.repeated).toBe(false)
  expect(second.repeated).toBe(true)
  expect(await tab.tables.head(['counter', SESSION, 'calls'])).toBe(1)
})

test('JO10 a refusal is not remembered: the same request is decided anew', async () => {
  const tab = await openTab()
  const options = { requestId: 'early' as RequestId, mayRepeat: true, heads: [headOf()] }
  const change = () =>
    tab.journal.commit(
      operationOf(
        tab.clock,
        (head) => {
          if (head(headOf()) === undefined) throw createError('SESSION_NOT_FOUND', 'none')
          return { result: 'stored', resultId: '', writes: [] }
        },
        options,
      ),
    )
  await expect(change()).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })
  await createSession(tab)
  await expect(change()).resolves.toMatchObject({ repeated: false })
})

test('JO10 a request is known also where its row was packed into a segment', async () => {
  const tab = await openTab()
  await createSession(tab)
  const requestId = 'packed' as RequestId
  const first = await increment(tab, 'calls', { requestId })
  await tab.journal.pack(STREAM, { whole: true })
  const made = await tab.journal.outcomeOf(requestId)
  expect(first.repeated).toBe(false)
  const again = await increment(tab, 'calls', { requestId, mayRepeat: true })
  expect(made).toBeDefined()
  expect(again).toEqual({ repeated: true, resultId: made })
})

test('JO11 outcomeOf waits for what is on its way, and knows nothing of what was never stored', async () => {
  const tab = await openTab()
  await createSession(tab)
  const requestId = 'on-its-way' as RequestId
  const storing = increment(tab, 'calls', { requestId })
  const known = await tab.journal.outcomeOf(requestId)
  const outcome = await storing
  expect(known).toBeDefined()
  expect(outcome).toMatchObject({ repeated: false, result: 1 })
  expect(await tab.journal.outcomeOf('never' as RequestId)).toBeUndefined()
})

test('JO12 a row is cut before it passes 1 MB', async () => {
  const tab = await openTab()
  await createSession(tab)
  const value = 'x'.repeat(300_000)
  await Promise.all(Array.from({ length: 8 }, (_, at) => setState(tab, `k${at}`, value)))
  const rows = (await rowsOf(tab)).slice(1)
  expect(rows.map((row) => row.events.length)).toEqual([3, 3, 2])
  expect(rows.map((row) => row.n)).toEqual([2, 3, 4])
  expect(Object.keys(await valuesIn(tab))).toHaveLength(8)
})

test('JO12 a row spans at most two seconds, and holds its events in the order of their clocks', async () => {
  const tab = await openTab()
  await createSession(tab)
  const events = [1_500, 0, 2_600, 900].map((ms) => {
    const clock = (tab.clock.next() + ms * 2_048) as ReturnType<typeof tab.clock.next>
    const event = eventOf(tab.clock, 'state.changed', { changes: [{ key: `after ${ms}`, value: ms }] })
    return { ...event, id: idAt<EventId>(clock, tab.clock.writer) }
  })
  await Promise.all(events.map((event) => commitWrites(tab, () => [{ stream: STREAM, events: [event] }])))
  const rows = (await rowsOf(tab)).slice(1)
  expect(rows.map((row) => row.events.length)).toEqual([3, 1])
})

test('JO13 updates of an app document are never merged: each has a row of its own', async () => {
  const tab = await openTab()
  await createSession(tab)
  const stream = documentStream(SESSION, 'notes')
  const write = (byte: number) =>
    tab.journal.commit(
      operationOf(
        tab.clock,
        () => ({
          result: byte,
          resultId: '',
          writes: [
            { stream, events: [], update: new Uint8Array([byte]) },
            {
              stream: STREAM,
              events: [eventOf(tab.clock, 'document.changed', { document: 'notes', sizeBytes: 1 })],
            },
          ],
        }),
        { heads: [headOf()] },
      ),
    )
  await Promise.all([write(1), write(2)])
  const rows = await rowsOf(tab, stream)
  expect(rows.map((row) => [...(row.update ?? [])])).toEqual([[1], [2]])
  expect(rows.map((row) => row.n)).toEqual([1, 2])
  expect(await tab.log.documents(SESSION)).toEqual(['notes'])
})

test('JO25 listeners get own rows with their numbers once they are stored, before callers are answered', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  const told: number[] = []
  const stop = tab.journal.onStored((rows) => told.push(...rows.map((row) => row.seq)))
  await setState(tab, 'a', 1)
  expect(told).toEqual([3])
  await setState(other, 'b', 2)
  stop()
  await setState(tab, 'c', 3)
  expect(told).toEqual([3])
  // Before each turn stands the row that opens it.
  expect((await rowsOf(tab)).map((row) => row.seq)).toEqual([2, 3, 5, 7])
})

test('JO25 a listener that fails keeps nobody waiting for what is stored', async () => {
  const tab = await openTab()
  await createSession(tab)
  const uncaught = catchUncaught()
  const stop = tab.journal.onStored(() => {
    throw new Error('cannot hear')
  })
  await Promise.all([setState(tab, 'a', 1), setState(tab, 'b', 2)])
  await expect.poll(() => uncaught.length).toBeGreaterThan(0)
  stop()
  await setState(tab, 'c', 3)
  expect(await valuesIn(tab)).toEqual({ a: 1, b: 2, c: 3 })
})

test('JO29 what is decided on the head of another tab gets a later clock than that head', async () => {
  const tab = await openTab()
  const ahead = await openBeside(tab)
  await createSession(tab)
  await increment(tab)
  for (let tick = 0; tick < 5_000; tick += 1) ahead.clock.next()
  await increment(ahead)
  await increment(tab)
  const ids = (await rowsOf(tab)).map((row) => row.events[0]?.id)
  expect(ids).toEqual(ids.toSorted())
})

test('JO30 more documents at once than stay in memory: each write is stored', async () => {
  const tab = await openTab()
  const sessions = Array.from({ length: 60 }, (_, at) => `many-${at}` as SessionId)
  await Promise.all(sessions.map((session) => createSession(tab, session)))
  await Promise.all(sessions.map((session) => setState(tab, 'a', session, { session })))
  const values = await Promise.all(sessions.map((session) => valuesIn(tab, sessionStream(session))))
  expect(values).toEqual(sessions.map((session) => ({ a: session })))
})

test('JO34 an operation that has seen the end of a stream is refused where something came since, of its own tab or of another', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  const upTo = (await rowsOf(tab)).at(-1)?.seq ?? 0
  const seen = { stream: STREAM, upTo }
  const set = (key: string, options = {}) => setState(tab, key, 1, options)
  await set('seen', { seen })
  const moved = { code: 'CONFLICT', details: { stream: STREAM } }
  await expect(set('refused', { seen })).rejects.toMatchObject(moved)

  const now = { stream: STREAM, upTo: (await rowsOf(tab)).at(-1)?.seq ?? 0 }
  const [before, late] = await Promise.allSettled([set('before'), set('late', { seen: now })])
  expect([before.status, late]).toMatchObject(['fulfilled', { reason: moved }])

  const stored = { stream: STREAM, upTo: (await rowsOf(tab)).at(-1)?.seq ?? 0 }
  await setState(other, 'other', 1)
  await tab.journal.flush()
  await other.journal.pack(STREAM, { whole: true })
  await expect(set('packed', { seen: stored })).rejects.toMatchObject(moved)
  expect(await valuesIn(tab)).toEqual({ seen: 1, before: 1, other: 1 })
})

/** Hosts tell what a listener of theirs threw; until the test ends it fails nothing. */
function catchUncaught(): readonly unknown[] {
  const uncaught: unknown[] = []
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => uncaught.push(error))
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException')
    for (const other of others) process.on('uncaughtException', other)
  })
  return uncaught
}
