import { expect, test } from 'vitest'
import type { Caller } from '../../src/client/caller.ts'
import { readEvents } from '../../src/client/event-reader.ts'
import { createTimeline } from '../../src/client/timeline.ts'
import { createError } from '../../src/core/errors.ts'
import type { CorrelationId } from '../../src/core/ids.ts'
import type { TimelineEvent } from '../../src/core/timeline/event.ts'

const large = (name: string) => ({ content: `sha256:${name}`, sizeBytes: 40_000 })
const told = { deadlineMs: 5 }

function eventOf(type: string, data: unknown, more: Partial<TimelineEvent> = {}): TimelineEvent {
  return { id: type, type, data, time: 0, source: 'local', schema: 1, ...more } as TimelineEvent
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** A caller whose values are answered when told, and which keeps what it was asked. */
function fakeCaller(answers: Readonly<Record<string, unknown>> = {}) {
  const waiting = new Map<string, Waiting>()
  const options: unknown[] = []
  const call = async (method: string, input: object, given?: unknown): Promise<unknown> => {
    if (method !== 'recordings.value') return answers[method]
    options.push(given)
    const { recorded } = input as { readonly recorded: { readonly content: string } }
    if (waiting.has(recorded.content)) throw new Error(`${recorded.content} was asked for twice`)
    return new Promise((resolve, reject) => {
      waiting.set(recorded.content, { resolve, reject })
    })
  }
  const caller: Caller = { frame: {}, now: () => caller, call: call as Caller['call'] }
  return { caller, waiting, options }
}

test('PG47 large data is asked for once each and all at a time, and the events keep their order', async () => {
  const { caller, waiting, options } = fakeCaller()
  const events = [
    eventOf('a', large('1')),
    eventOf('b', 'small'),
    eventOf('c', large('2')),
    eventOf('d', large('1')),
  ]
  const reading = readEvents(caller, events, told)
  await Promise.resolve()
  expect([...waiting.keys()]).toEqual(['sha256:1', 'sha256:2'])
  expect(options).toEqual([told, told])
  waiting.get('sha256:2')?.resolve('two')
  waiting.get('sha256:1')?.resolve('one')
  expect((await reading).map(({ type, data }) => [type, data])).toEqual([
    ['a', 'one'],
    ['b', 'small'],
    ['c', 'two'],
    ['d', 'one'],
  ])
})

test('PG47 what an import recorded has its large fields in their places', async () => {
  const { caller, waiting } = fakeCaller()
  const data = { role: 'user', content: null, large: { content: large('1') } }
  const reading = readEvents(caller, [
    eventOf('message.added', data, { source: 'import' }),
    eventOf('message.added', data),
  ])
  await Promise.resolve()
  waiting.get('sha256:1')?.resolve('long')
  expect((await reading).map((event) => event.data)).toEqual([{ role: 'user', content: 'long' }, data])
})

test('PG47 data that looks like a recorded value is what was emitted; what Holdfast records is left alone', async () => {
  const { caller } = fakeCaller()
  const step = { step: 's@1', key: 'k', result: large('1') }
  const read = await readEvents(caller, [
    eventOf('a', { inline: { inline: 5 } }),
    eventOf('b', { inline: large('1') }),
    eventOf('step.completed', step),
    eventOf('session.suspended', large('1')),
  ])
  expect(read.map(({ data }) => data)).toEqual([{ inline: 5 }, large('1'), step, large('1')])
})

test('PG47 damaged data leaves its event as it is stored and hides no other; any other failure is told', async () => {
  const { caller, waiting } = fakeCaller()
  const reading = readEvents(caller, [eventOf('a', large('1')), eventOf('b', large('2'))])
  await Promise.resolve()
  waiting.get('sha256:1')?.reject(createError('CONTENT_DAMAGED', 'damaged'))
  waiting.get('sha256:2')?.resolve('two')
  expect((await reading).map(({ data }) => data)).toEqual([large('1'), 'two'])
  const again = fakeCaller()
  const failing = readEvents(again.caller, [eventOf('a', large('1'))])
  await Promise.resolve()
  again.waiting.get('sha256:1')?.reject(createError('CLOSED', 'closed'))
  await expect(failing).rejects.toMatchObject({ code: 'CLOSED' })
})

test('PG40 the tree of a correlation has each event below its cause', async () => {
  const root = eventOf('1', 'asked')
  const effect = eventOf('2', 'answered', { causeId: root.id })
  const { caller } = fakeCaller({ 'timeline.tree': [root, effect] })
  const timeline = createTimeline(caller, () => ({}) as never)
  expect(await timeline.tree('c' as CorrelationId)).toEqual([
    { event: root, depth: 0, children: [{ event: effect, depth: 1, children: [] }] },
  ])
})
