import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { CONFIRM_MS, createPageTalk } from '../../src/client/page-talk.ts'
import type { RequestId, StreamId } from '../../src/core/ids.ts'
import { Mirror } from '../../src/core/state/mirror.ts'
import { pageChannel } from '../../src/protocol/page-talk.ts'

const STREAM = 'session' as StreamId
const request = (id: string) => id as RequestId
const channelName = () => `holdfast:${crypto.randomUUID()}`

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function pageOf(name: string | undefined) {
  const mirror = new Mirror()
  const talk = createPageTalk(
    name,
    (stream) => (stream === STREAM ? mirror : undefined),
    () => 'writer',
  )
  onTestFinished(() => talk.listen(false))
  return { mirror, talk, shown: () => Object.fromEntries(mirror.entries()) }
}

/** Two pages that know of each other. */
async function twoPages() {
  const name = channelName()
  const [one, other] = [pageOf(name), pageOf(name)]
  const tell = (id: string, key: string, value: number) => {
    vi.advanceTimersByTime(10)
    return one.talk.tell(request(id), STREAM, [{ key, value }])
  }
  await vi.waitUntil(() => tell('greeting', 'greeting', 0))
  await vi.waitUntil(() => other.mirror.has('greeting'))
  other.talk.stored([request('greeting')])
  other.mirror.withdraw(['greeting'])
  return { name, one, other, tell }
}

test('TA14 what a page tells is shown by another one, not settled, and taken back with its word', async () => {
  const { one, other, tell } = await twoPages()
  const settled: boolean[] = []
  other.mirror.subscribe((change) => settled.push(change.settled))
  expect(tell('a', 'k', 1)).toBe(true)
  await vi.waitUntil(() => other.mirror.get('k') === 1)
  expect(settled).toEqual([false])
  one.talk.takeBack(request('a'), STREAM)
  await vi.waitUntil(() => !other.mirror.has('k'))
  expect(one.mirror.size).toBe(0)
})

test('TA14 a write of which the own worker says nothing for a second is taken back; one that it confirms is its', async () => {
  const { other, tell } = await twoPages()
  tell('a', 'lost', 1)
  tell('b', 'known', 2)
  await vi.waitUntil(() => other.mirror.get('known') === 2)
  const begun = [
    { request: request('b'), entries: [{ key: 'known', value: 2 }] },
    { request: request('c'), entries: [{ key: 'news', value: 3 }] },
  ]
  const fresh = other.talk.confirm({ type: 'foreseen', stream: STREAM, begun, ended: [] })
  expect(fresh).toEqual([begun[1]])
  vi.advanceTimersByTime(CONFIRM_MS)
  expect(other.shown()).toEqual({ known: 2 })
})

test('TA14 what the page of a tab told that has ended is taken back, unless it was stored', async () => {
  const { other, tell } = await twoPages()
  tell('a', 'stored', 1)
  tell('b', 'lost', 2)
  await vi.waitUntil(() => other.mirror.has('lost'))
  other.talk.tabEnded('another')
  expect(other.shown()).toEqual({ stored: 1, lost: 2 })
  other.talk.stored([request('a')])
  other.talk.tabEnded('writer')
  expect(other.shown()).toEqual({ stored: 1 })
})

test('TA14 a word that comes after its write was stored, or was over, shows nothing', async () => {
  const { other, tell } = await twoPages()
  other.talk.stored([request('a')])
  other.talk.confirm({ type: 'foreseen', stream: STREAM, begun: [], ended: [request('b')] })
  tell('a', 'stored', 1)
  tell('b', 'refused', 2)
  tell('c', 'last', 3)
  await vi.waitUntil(() => other.mirror.get('last') === 3)
  expect(other.shown()).toEqual({ last: 3 })
})

test('TA14 a page tells nothing where it knows of no other, right after another write, and while it is frozen', async () => {
  const alone = pageOf(channelName())
  vi.advanceTimersByTime(10)
  expect(alone.talk.tell(request('a'), STREAM, [])).toBe(false)
  expect(pageOf(undefined).talk.tell(request('a'), STREAM, [])).toBe(false)
  const { one, other, tell } = await twoPages()
  expect(tell('a', 'k', 1)).toBe(true)
  expect(one.talk.tell(request('b'), STREAM, [])).toBe(false)
  one.talk.listen(false)
  expect(tell('c', 'k', 1)).toBe(false)
  one.talk.listen(true)
  await vi.waitUntil(() => tell('d', 'back', 1))
  other.talk.listen(false)
  await vi.waitUntil(() => !tell('e', 'k', 1))
})

test('TA9 what pages say is not taken on trust either', async () => {
  const { name, other, tell } = await twoPages()
  const channel = new BroadcastChannel(pageChannel(name))
  onTestFinished(() => channel.close())
  const begun = {
    type: 'begun',
    request: 'x',
    stream: STREAM,
    writer: 'w',
    changes: [{ key: 'k', value: 1 }],
  }
  for (const word of [
    null,
    'begun',
    { type: 'unheard of' },
    { type: 'here' },
    { ...begun, changes: [{ key: 7, value: 1 }] },
    { ...begun, changes: [{ key: 'k', value: () => 1 }.key] },
    { ...begun, changes: 'all' },
    { ...begun, stream: '' },
    { ...begun, request: 7 },
    { ...begun, writer: undefined },
    { ...begun, stream: 'another' },
  ])
    channel.postMessage(word)
  tell('last', 'last', 1)
  await vi.waitUntil(() => other.mirror.has('last'))
  expect(other.shown()).toEqual({ last: 1 })
})
