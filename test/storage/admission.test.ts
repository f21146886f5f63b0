import { expect, test } from 'vitest'
import type { HeadKey, Operation } from '../../src/core/commit.ts'
import type { RequestId, SessionId } from '../../src/core/ids.ts'
import { createAdmission } from '../../src/storage/admission.ts'
import type { Connection } from '../../src/storage/connection.ts'
import { HeadCache } from '../../src/storage/heads.ts'
import { Queue } from '../../src/storage/queue.ts'

const SESSION: HeadKey = ['session', 's1' as SessionId]
const COUNTER: HeadKey = ['counter', 's1' as SessionId, 'used']

interface Reading {
  answer(): void
  fail(): void
}

/** An admission over a database that answers when the test says so, transaction by transaction. */
function admission() {
  const reads: Reading[] = []
  const queue = new Queue()
  const transaction = () => {
    const requests: { onsuccess?: () => void; onerror?: () => void; result: unknown; error: Error }[] = []
    reads.push({
      answer: () => requests.forEach((request) => void request.onsuccess?.()),
      fail: () => requests.forEach((request) => void request.onerror?.()),
    })
    const get = () => {
      const request = { result: undefined, error: new Error('unreadable') }
      requests.push(request)
      return request
    }
    return { objectStore: () => ({ get }) } as unknown as IDBTransaction
  }
  const admit = createAdmission({
    connection: { transaction, failure: (error: unknown) => error } as Partial<Connection> as Connection,
    documents: {} as never,
    queue,
    cache: new HeadCache(),
    clock: { observe: () => {} } as never,
    onReady: () => {},
    onAborted: () => {},
  })
  return { admit, queue, reads }
}

function operation(id: string, heads: readonly HeadKey[]): Operation<void> {
  return {
    requestId: id as RequestId,
    mayRepeat: false,
    durability: 'relaxed',
    heads,
    decide: () => ({ result: undefined, resultId: id, writes: [] }),
  }
}

const settle = () => new Promise(setImmediate)

test('JO38 what names a head that an earlier call still reads waits behind it, whichever reading ends first', async () => {
  const { admit, queue, reads } = admission()
  void admit(operation('first', [SESSION, COUNTER]))
  await settle()
  void admit(operation('second', [SESSION]))
  await settle()
  // The reading of the later one, were there any, would end first.
  for (const { answer } of reads.toReversed()) answer()
  await settle()
  expect(queue.drain()).toMatchObject([
    { operation: { requestId: 'first' } },
    { operation: { requestId: 'second' } },
  ])
  expect(reads).toHaveLength(1)
})

test('JO38 a reading that fails refuses its own call alone', async () => {
  const { admit, queue, reads } = admission()
  const refused = admit(operation('first', [SESSION])).catch(({ cause }: Error) => cause)
  await settle()
  void admit(operation('second', [SESSION]))
  await settle()
  reads[0]?.fail()
  expect(await refused).toMatchObject({ message: 'unreadable' })
  await settle()
  reads[1]?.answer()
  await settle()
  expect(queue.drain()).toMatchObject([{ operation: { requestId: 'second' } }])
})
