import { expect, onTestFinished, test } from 'vitest'
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { foldDocument } from '../../src/context/app-documents.ts'
import { awarenessFrame, readFrame, updateFrame } from '../../src/context/document-frames.ts'
import { DocumentReplica } from '../../src/context/document-replica.ts'
import { mergeUpdates } from '../../src/context/merge-updates.ts'
import { checkUpdate } from '../../src/context/update-gate.ts'
import { updateBytes, updateOf, varUint } from './update-bytes.ts'

const HUGE = 2 ** 50

function writer(clientId: number) {
  const doc = new Y.Doc()
  doc.clientID = clientId
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  return { doc, text: doc.getText('body'), take: () => Y.mergeUpdates(updates.splice(0)) }
}

function replicaOf(...updates: readonly Uint8Array[]): DocumentReplica {
  const replica = new DocumentReplica(undefined, updates, () => {})
  onTestFinished(() => replica.destroy())
  return replica
}

/** All that a replica holds. */
function contentOf(replica: DocumentReplica): string {
  const frame = readFrame(replica.answer(Uint8Array.of(0)))
  const doc = new Y.Doc()
  if (frame.kind === 'edit') Y.applyUpdate(doc, frame.update)
  return doc.getText('body').toString()
}

test('CX30 what is known already is no news, and what is new is given once', () => {
  const { text, take } = writer(5)
  text.insert(0, 'a')
  const first = take()
  text.insert(1, 'b')
  const second = take()
  const replica = replicaOf(first)
  expect(replica.take(first)).toBeUndefined()
  const news = replica.take(Y.mergeUpdates([first, second]))
  expect(news).toEqual(second)
  expect(replica.take(second)).toBeUndefined()
})

test('CX30 an edit that waits for another is news together with it', () => {
  const { text, take } = writer(5)
  text.insert(0, 'a')
  const first = take()
  text.insert(1, 'b')
  const second = take()
  const replica = replicaOf()
  expect(replica.take(second)).toBeUndefined()
  expect([...replica.awaited]).toEqual([5])
  const news = replica.take(first)
  expect(replica.awaited.size).toBe(0)
  expect(contentOf(replicaOf(news ?? first))).toBe('ab')
})

const hostile: readonly [string, Uint8Array][] = [
  ['a run of removed structs of 2^50 clocks', updateBytes({ client: 9, structs: [{ gc: HUGE }] })],
  ['a deleted run of 2^50 clocks', updateBytes({ client: 9, structs: [{ deleted: HUGE, array: 'x' }] })],
  ['a deletion of 2^50 clocks', updateOf([], [{ client: 9, clock: 0, length: HUGE }])],
]
test.each(hostile)('CX31 a stored row with %s is left out when the document is read', (_name, row) => {
  const { text, take } = writer(9)
  text.insert(0, 'mine')
  const honest = take()
  expect(foldDocument(undefined, [row, honest]).getText('body').toString()).toBe('mine')
  expect(foldDocument(undefined, [honest, row]).getText('body').toString()).toBe('mine')
})

test('CX32 of two edits under one client id and clock, the second is refused, whole or as a part', () => {
  const [one, two] = [writer(7), writer(7)]
  one.text.insert(0, 'ours')
  two.text.insert(0, 'oursa')
  two.text.delete(4, 1)
  const doc = new Y.Doc()
  Y.applyUpdate(doc, one.take())
  expect(() => checkUpdate(two.take(), { doc })).not.toThrow()
  const forks = [writer(7).doc, writer(7).doc, writer(7).doc] as const
  forks[0].getText('body').insert(0, 'mine')
  forks[1].getText('body').insert(0, 'our')
  forks[1].getText('body').insert(0, 's')
  forks[2].getArray('x').push([{ n: 1n }, 2])
  for (const fork of forks) {
    expect(() => checkUpdate(Y.encodeStateAsUpdate(fork), { doc })).toThrow(
      expect.objectContaining({ code: 'DOCUMENT_FORKED', details: { client: 7 } }),
    )
  }
})

test('CX32 what an honest copy sends again is no fork, however its runs were cut', () => {
  const { doc, text, take } = writer(7)
  const copy = new Y.Doc()
  for (const word of ['one ', 'two ', 'three']) {
    text.insert(text.length, word)
    Y.applyUpdate(copy, take())
  }
  copy.getText('body').insert(5, '|')
  copy.getText('body').delete(0, 2)
  doc.getArray('x').push([{ n: 1n }, { deep: [2] }, new Uint8Array(2), new Y.Map()])
  doc.getText('body').insertEmbed(0, { image: 'x' })
  Y.applyUpdate(copy, take())
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(copy))
  expect(() => checkUpdate(Y.encodeStateAsUpdate(doc), { doc: copy })).not.toThrow()
  expect(() => checkUpdate(Y.encodeStateAsUpdate(copy), { doc })).not.toThrow()
})

test('CX33 a frame that is none is refused', () => {
  const frames = [
    [],
    [9],
    [0, 9, 0],
    [0, 0],
    [0, 2, 5, 0],
    [0, 2, ...varUint(2 ** 40)],
    [1, ...varUint(2 ** 40)],
    [...updateFrame(Uint8Array.of(0, 0)), 0],
  ]
  for (const frame of frames)
    expect(() => readFrame(Uint8Array.from(frame))).toThrow(
      expect.objectContaining({ code: 'INVALID_VALUE' }),
    )
  const replica = replicaOf()
  for (const vector of [[255], [1], [...varUint(2 ** 40)]])
    expect(() => replica.answer(Uint8Array.from(vector))).toThrow(
      expect.objectContaining({ code: 'INVALID_VALUE' }),
    )
})

test('CX33 a state vector that claims 2^50 clocks starves its own page alone', () => {
  const { text, take } = writer(5)
  text.insert(0, 'stored')
  const replica = replicaOf(take())
  const claimed = Uint8Array.from([1, ...varUint(5), ...varUint(HUGE)])
  expect(replica.answer(claimed).length).toBeLessThan(10)
  expect(contentOf(replica)).toBe('stored')
})

test('CX34 awareness that cannot be read, or is too much of it, is refused as a whole', () => {
  const replica = replicaOf()
  const honest = new Awareness(writer(5).doc)
  honest.setLocalState({ user: 'Ada' })
  const update = encodeAwarenessUpdate(honest, [5])
  const broken = [
    Uint8Array.from([...varUint(2 ** 40), 5, 1]),
    Uint8Array.from([2, ...update.slice(1)]),
    Uint8Array.from([...update, 0]),
    Uint8Array.from([1, 5, 1, 1, 123]),
  ]
  for (const each of broken)
    expect(() => replica.takeAwareness(each, 'page')).toThrow(
      expect.objectContaining({ code: 'INVALID_VALUE' }),
    )
  honest.setLocalState({ user: 'x'.repeat(70_000) })
  expect(() => replica.takeAwareness(encodeAwarenessUpdate(honest, [5]), 'page')).toThrow(
    expect.objectContaining({ code: 'VALUE_TOO_LARGE' }),
  )
  expect(replica.awareness()).toBeUndefined()
  replica.takeAwareness(update, 'page')
  expect(replica.awareness()).toEqual(update)
  expect(readFrame(awarenessFrame(update))).toEqual({ kind: 'awareness', update })
  honest.destroy()
})

test('CX34 nothing that awareness or a document is named changes a prototype', () => {
  const { doc, take } = writer(5)
  doc.getMap('__proto__').set('polluted', 1)
  doc.getMap('m').set('__proto__', { polluted: 1 })
  const replica = replicaOf(take())
  const honest = new Awareness(writer(6).doc)
  honest.setLocalState(JSON.parse('{"__proto__": {"polluted": 1}}'))
  replica.takeAwareness(encodeAwarenessUpdate(honest, [6]), 'page')
  expect(Reflect.get({}, 'polluted')).toBeUndefined()
  honest.destroy()
})

test('CX35 merging thousands of updates says what they say', () => {
  const { doc, text } = writer(5)
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  for (let at = 0; at < 1_000; at += 1) text.insert(text.length, 'x')
  const copy = new Y.Doc()
  Y.applyUpdate(copy, mergeUpdates(updates))
  expect(Y.encodeStateAsUpdate(copy)).toEqual(Y.encodeStateAsUpdate(doc))
  expect(mergeUpdates([])).toEqual(Y.encodeStateAsUpdate(new Y.Doc()))
})
