import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { createDocuments, type DocumentsOptions } from '../../src/context/documents.ts'
import { ManagedDocument } from '../../src/context/managed-document.ts'
import type { Placement } from '../../src/core/commit.ts'
import type { StreamId } from '../../src/core/ids.ts'
import type { Log } from '../../src/core/ports.ts'
import { valuesOf } from '../../src/core/state/fold.ts'
import { RowLog, STREAM } from './rows.ts'
import { delta } from './stamps.ts'

function documentsOver(log: Pick<Log, 'document'>, options: Omit<DocumentsOptions, 'log'> = {}) {
  return createDocuments({ log, ...options })
}

const valuesIn = (documents: ReturnType<typeof documentsOver>, stream = STREAM) => {
  const entries = documents.entries(stream, 'state')
  return entries === undefined ? undefined : valuesOf(entries)
}

/** Client ids that have structs in what was written, or in a snapshot. */
function clientsIn(update: Placement | Uint8Array | undefined): readonly number[] {
  if (update !== undefined && !(update instanceof Uint8Array)) return [update.at[0]]
  return [...Y.parseUpdateMeta(update ?? new Uint8Array([0, 0])).to.keys()]
}

function counter(): () => number {
  let last = 1_000
  return () => {
    last += 1
    return last
  }
}

/** A log of many empty streams. */
const emptyLog = { document: async () => ({ tail: [] }) }
const streams = (count: number) => Array.from({ length: count }, (_, at) => `stream-${at}` as StreamId)

describe('loading', () => {
  test('CX11 a document that was not prepared cannot be changed', () => {
    const documents = documentsOver(new RowLog())
    expect(() => documents.apply(STREAM, [delta('a', 1, 1)])).toThrow(
      expect.objectContaining({ code: 'STORAGE_FAILED', retryable: true, details: { stream: STREAM } }),
    )
    expect(valuesIn(documents)).toBeUndefined()
  })

  test('CX12 however many prepare it at a time, it is read once, and not again while it is loaded', async () => {
    const log = new RowLog()
    log.add(1, [delta('a', 1, 1)])
    const documents = documentsOver(log)
    await Promise.all([documents.prepare([STREAM]), documents.prepare([STREAM, STREAM])])
    await documents.prepare([STREAM])
    expect([log.reads, documents.size, valuesIn(documents)]).toEqual([1, 1, { a: 1 }])
  })

  test('CX12 rows that arrive while it is read are in it', async () => {
    const log = new RowLog()
    const documents = documentsOver(log)
    let open = () => {}
    log.gate = new Promise((resolve) => {
      open = resolve
    })
    const prepared = documents.prepare([STREAM])
    expect(documents.has(STREAM)).toBe(true)
    documents.receive(STREAM, [log.add(2, [delta('late', 1, 1, 2)])])
    open()
    await prepared
    expect(valuesIn(documents)).toEqual({ late: 1 })
  })

  test('CX12 rows of a document that nobody loads are left to the log', async () => {
    const log = new RowLog()
    const documents = documentsOver(log)
    documents.receive(STREAM, [log.add(2, [delta('a', 1, 1, 2)])])
    expect([documents.size, documents.has(STREAM)]).toEqual([0, false])
    await documents.prepare([STREAM])
    expect(valuesIn(documents)).toEqual({ a: 1 })
  })

  test('CX12 a failed read is told, keeps nothing, and the next prepare reads again', async () => {
    const failure = new Error('no disk')
    let reads = 0
    const log = {
      async document() {
        reads += 1
        if (reads === 1) throw failure
        return { tail: [] }
      },
    }
    const documents = documentsOver(log, { maxDocuments: 0 })
    await expect(documents.prepare([STREAM])).rejects.toBe(failure)
    await documents.prepare([STREAM])
    expect(documents.size).toBe(1)
    documents.release([STREAM])
    expect(documents.size).toBe(0)
  })
})

describe('writing', () => {
  test('CX16 one client id for all documents, drawn at the start', async () => {
    const documents = documentsOver(emptyLog, { newClientId: counter() })
    const [one, two] = streams(2)
    if (one === undefined || two === undefined) throw new Error('two streams')
    await documents.prepare([one, two])
    const updates = [one, two].map((stream) => documents.apply(stream, [delta('a', 1, 1)]))
    expect(updates.map(clientsIn)).toEqual([[1_001], [1_001]])
  })

  test('CX14 a dropped document is read anew, without what was not stored, under another client id', async () => {
    const log = new RowLog()
    const documents = documentsOver(log, { newClientId: counter() })
    await documents.prepare([STREAM])
    log.add(1, [delta('stored', 1, 1)], documents.apply(STREAM, [delta('stored', 1, 1)]))
    documents.stored(STREAM)
    documents.apply(STREAM, [delta('lost', 2, 2)])
    documents.drop(STREAM)
    await documents.prepare([STREAM])
    expect(valuesIn(documents)).toEqual({ stored: 1 })
    expect(clientsIn(documents.apply(STREAM, [delta('next', 3, 3)]))).toEqual([1_002])
  })

  test('CX14 read again without a row of its own that was lost meanwhile, it is written to under another client id', async () => {
    let drawn = 76
    const log = new RowLog()
    const none = Promise.resolve({ tail: [] })
    const documents = createDocuments({
      log: { document: (stream) => (stream === STREAM ? log.document() : none) },
      maxDocuments: 1,
      newClientId: () => ++drawn,
    })
    const write = async (key: string, tick: number) => {
      await documents.prepare([STREAM])
      const deltas = [delta(key, tick, tick)]
      const row = log.add(1, deltas, documents.apply(STREAM, deltas))
      documents.stored(STREAM)
      documents.release([STREAM])
      return row
    }
    const leave = async () => {
      await documents.prepare(['another' as StreamId])
      documents.release(['another' as StreamId])
    }
    const kept = await write('kept', 1)
    await leave()
    const lost = await write('lost', 2)
    expect(drawn).toBe(77)
    const other = new ManagedDocument(5, { tail: [kept, lost] })
    log.rows.splice(1, 1)
    await leave()
    other.receive([await write('later', 3)])
    expect(drawn).toBe(78)
    expect([...other.entries('state')].map(({ key }) => key)).toEqual(['kept', 'lost', 'later'])
  })

  test('CX14 dropped while it is read, it is read again', async () => {
    const log = new RowLog()
    const documents = documentsOver(log)
    let open = () => {}
    log.gate = new Promise((resolve) => {
      open = resolve
    })
    const prepared = documents.prepare([STREAM])
    documents.drop(STREAM)
    log.add(1, [delta('a', 1, 1)])
    open()
    await prepared
    expect([log.reads, valuesIn(documents)]).toEqual([2, { a: 1 }])
  })

  test('CX15 a snapshot holds what is stored, and is refused while there is more', async () => {
    const documents = documentsOver(emptyLog)
    expect(documents.snapshot(STREAM)).toBeUndefined()
    await documents.prepare([STREAM])
    documents.apply(STREAM, [delta('a', 1, 1)])
    documents.apply(STREAM, [delta('a', 2, 2)])
    documents.stored(STREAM)
    expect(documents.snapshot(STREAM)).toBeUndefined()
    documents.stored(STREAM)
    const doc = new Y.Doc()
    Y.applyUpdateV2(doc, documents.snapshot(STREAM) ?? new Uint8Array())
    expect(doc.getArray('holdfast:state').toJSON()).toMatchObject([{ key: 'a', value: 2 }])
  })

  test('CX11 what was beaten already waits for no storing', async () => {
    const documents = documentsOver(emptyLog)
    await documents.prepare([STREAM])
    expect(documents.apply(STREAM, [delta('a', 1, 2)])).toBeDefined()
    documents.stored(STREAM)
    expect(documents.apply(STREAM, [delta('a', 0, 1)])).toBeUndefined()
    expect(documents.snapshot(STREAM)).toBeDefined()
  })
})

describe('memory', () => {
  test('CX13 32 documents stay by default, the least recently prepared leave first', async () => {
    const reads: StreamId[] = []
    const documents = documentsOver({
      async document(stream) {
        reads.push(stream)
        return { tail: [] }
      },
    })
    const [first = STREAM] = streams(1)
    for (const stream of streams(33)) {
      for (const used of [stream, first]) {
        await documents.prepare([used])
        documents.release([used])
      }
    }
    expect(documents.size).toBe(32)
    expect(streams(33).filter((stream) => !documents.has(stream))).toEqual(['stream-1'])
    expect(reads).toEqual(streams(33))
  })

  test('CX13 one that is kept stays, over the limit if need be, until it is released as often as prepared', async () => {
    const documents = documentsOver(emptyLog, { maxDocuments: 2 })
    const all = streams(5)
    const oldest = all.slice(0, 1)
    await documents.prepare(oldest)
    await documents.prepare(all)
    expect(documents.size).toBe(5)
    documents.release(all.slice(2))
    expect(all.filter((stream) => documents.has(stream))).toEqual(['stream-0', 'stream-1'])
    documents.release(all.slice(0, 2))
    await documents.prepare(all.slice(3))
    documents.release(all.slice(3))
    expect(all.filter((stream) => documents.has(stream))).toEqual(['stream-0', 'stream-4'])
    documents.release(oldest)
    await documents.prepare(all.slice(3))
    documents.release(all.slice(3))
    expect(all.filter((stream) => documents.has(stream))).toEqual(['stream-3', 'stream-4'])
  })

  test('CX13 one that is pinned stays, once it is loaded, until nothing pins it any more', async () => {
    const documents = documentsOver(emptyLog, { maxDocuments: 2 })
    const [pinned = STREAM, ...others] = streams(4)
    const use = async (stream: StreamId) => {
      await documents.prepare([stream])
      documents.release([stream])
    }
    const unpin = [documents.pin(pinned), documents.pin(pinned)]
    expect(documents.has(pinned)).toBe(false)
    for (const stream of [pinned, ...others]) await use(stream)
    expect(streams(4).filter((stream) => documents.has(stream))).toEqual(['stream-0', 'stream-3'])
    unpin[0]?.()
    unpin[0]?.()
    await use(others[0] ?? STREAM)
    expect(documents.has(pinned)).toBe(true)
    unpin[1]?.()
    await use(others[1] ?? STREAM)
    expect(streams(4).filter((stream) => documents.has(stream))).toEqual(['stream-1', 'stream-2'])
  })

  test('CX13 one that is pinned and half-changed leaves all the same, to be read anew', async () => {
    const documents = documentsOver(emptyLog)
    documents.pin(STREAM)
    await documents.prepare([STREAM])
    documents.outdate(STREAM)
    documents.release([STREAM])
    expect(documents.has(STREAM)).toBe(false)
  })

  test('CX13 one that holds what is not stored stays', async () => {
    const documents = documentsOver(emptyLog, { maxDocuments: 0 })
    await documents.prepare([STREAM])
    documents.apply(STREAM, [delta('a', 1, 1)])
    documents.release([STREAM])
    expect(documents.size).toBe(1)
    documents.stored(STREAM)
    await documents.prepare([STREAM])
    documents.release([STREAM])
    expect(documents.size).toBe(0)
  })

  test('CX13 above the limit of bytes the oldest leave, however few they are', async () => {
    const documents = documentsOver(emptyLog, { maxBytes: 1_400_000 })
    for (const [tick, stream] of streams(4).entries()) {
      await documents.prepare([stream])
      for (let at = 0; at < 5; at++)
        documents.apply(stream, [delta(`k${at}`, 'x'.repeat(16_000), tick * 10 + at)])
      for (let at = 0; at < 5; at++) documents.stored(stream)
      documents.release([stream])
    }
    expect(streams(4).map((stream) => documents.has(stream))).toEqual([false, false, true, true])
  })

  test('CX8 a document that an update left half-changed leaves as soon as nothing keeps it', async () => {
    const log = new RowLog()
    const documents = documentsOver(log)
    await documents.prepare([STREAM])
    const { updateBytes } = await import('./update-bytes.ts')
    const halfway = updateBytes({
      client: 20,
      structs: [
        { array: 'x', any: 1 },
        { after: [20, 9], any: 1 },
      ],
    })
    documents.receive(STREAM, [log.add(2, [delta('b', 2, 2, 2)], halfway)])
    expect(valuesIn(documents)).toEqual({ b: 2 })
    documents.release([STREAM])
    expect(documents.size).toBe(0)
    await documents.prepare([STREAM])
    expect(valuesIn(documents)).toEqual({ b: 2 })
  })

  test('CX12 a closed cache holds nothing', async () => {
    const documents = documentsOver(emptyLog)
    await documents.prepare(streams(3))
    documents.close()
    expect(documents.size).toBe(0)
  })
})
