import { createError } from '../errors.ts'
import type { StateValue } from '../state/value.ts'
import { readElements } from './elements.ts'
import { isEmpty, isJsonArray, isJsonObject, type JsonObject, parseJson, textOf, without } from './json.ts'
import { type Line, MAX_LINE_BYTES, readLines } from './lines.ts'
import { createPieces } from './pieces.ts'
import type { BrokenRecord } from './records.ts'

/** A part of one conversation: what stands beside its messages, a message, or what could not be read. */
export type Part = ReadablePart | BrokenRecord

export interface ReadablePart {
  readonly kind: 'header' | 'message'
  readonly line: number
  readonly data: StateValue
}

/**
 * Gives the parts of one conversation, out of a file of messages or of conversations: a JSON array, one JSON value a line,
 * or one JSON object.
 * @throws INVALID_ARGUMENT when there are several conversations and `index` does not name one of them
 */
export async function* readConversation(
  source: AsyncIterable<Uint8Array>,
  options: { readonly index?: number; readonly maxLineBytes?: number },
): AsyncGenerator<Part, void> {
  const { index, maxLineBytes = MAX_LINE_BYTES } = options
  if (index !== undefined && !(Number.isInteger(index) && index >= 0)) {
    throw createError('INVALID_ARGUMENT', `index is ${index}; give a whole number from 0.`, { path: 'index' })
  }
  const read = readValues(source, maxLineBytes)
  const head = await untilReadable(read)
  const values = chain(head, read)
  try {
    const known = head.at(-1)
    if (known?.kind === 'value' && conversationIn(known.data)) {
      yield* partsOf(await choose(values, index))
      return
    }
    if (index) throw outOfRange(index, 1)
    for await (const value of values) {
      yield value.kind === 'broken' ? value : { kind: 'message', line: value.line, data: value.data }
    }
  } finally {
    // Not that of the chain, which may not have begun and would then leave the source open.
    await read.return()
  }
}

type Value = { readonly kind: 'value'; readonly line: number; readonly data: StateValue } | BrokenRecord

/** Reads on to the first value that is not broken, which shows what the file holds. */
async function untilReadable(source: AsyncGenerator<Value, void>): Promise<readonly Value[]> {
  const head: Value[] = []
  for (let next = await source.next(); !next.done; next = await source.next()) {
    head.push(next.value)
    if (next.value.kind === 'value') break
  }
  return head
}

async function* chain<T>(head: readonly T[], rest: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  yield* head
  yield* rest
}

async function choose(values: AsyncIterable<Value>, index: number | undefined): Promise<Value> {
  let first: Value | undefined
  let count = 0
  for await (const value of values) {
    if (count === index) return value
    if (index === undefined && first) {
      throw createError(
        'INVALID_ARGUMENT',
        'The file holds several conversations; say with index which one to import, the first being 0.',
        { path: 'index' },
      )
    }
    first ??= value
    count += 1
  }
  if (index === undefined && first) return first
  throw outOfRange(index ?? 0, count)
}

function outOfRange(index: number, count: number): Error {
  const holds = count === 1 ? 'one conversation' : `${count} conversations`
  return createError('INVALID_ARGUMENT', `index is ${index}, but the file holds ${holds}; the first is 0.`, {
    path: 'index',
    count,
  })
}

function* partsOf(value: Value): Generator<Part, void> {
  if (value.kind === 'broken') {
    yield value
    return
  }
  const { line, data } = value
  const found = conversationIn(data)
  if (!found) {
    yield { kind: 'broken', line, reason: 'it holds no list of messages' }
    return
  }
  if (!isEmpty(found.header)) yield { kind: 'header', line, data: found.header }
  for (const message of found.messages) yield { kind: 'message', line, data: message }
}

/** A conversation is a list of messages, or an object that has one; undefined for anything else, as for one message. */
function conversationIn(
  value: StateValue,
): { readonly messages: readonly StateValue[]; readonly header: JsonObject } | undefined {
  if (isJsonArray(value)) return { messages: value, header: {} }
  if (!isJsonObject(value) || textOf(value.role) !== undefined) return undefined
  for (const key of ['messages', 'traj']) {
    const messages = value[key]
    if (isJsonArray(messages)) return { messages, header: without(value, [key]) }
  }
  return undefined
}

async function* readValues(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Value, void> {
  for await (const line of await linesOf(source, maxBytes)) {
    if ('broken' in line) {
      yield { kind: 'broken', line: line.number, reason: line.broken }
      continue
    }
    const parsed = parseJson(line.text)
    if (parsed.ok) yield { kind: 'value', line: line.number, data: parsed.value }
    else yield { kind: 'broken', line: line.number, reason: parsed.reason }
  }
}

/** Enough to see how the file begins: its first line, unless that is very long. */
const SNIFF_CHARACTERS = 65_536

async function linesOf(source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<AsyncIterable<Line>> {
  const { start, bytes } = await sniff(source)
  if (start.startsWith('[')) return readElements(bytes, maxBytes)
  // A brace alone on the first line: one object, written over many lines.
  if (/^\{[ \t\r]*\n/.test(start)) return readWhole(bytes, maxBytes)
  const end = start.indexOf('\n')
  const isOpen = start.startsWith('{') && end >= 0 && !parseJson(start.slice(0, end)).ok
  return isOpen ? readObjectOrLines(bytes, maxBytes) : readLines(bytes, maxBytes)
}

async function sniff(
  source: AsyncIterable<Uint8Array>,
): Promise<{ start: string; bytes: AsyncIterable<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]()
  const head: Uint8Array[] = []
  let start = ''
  const decoder = new TextDecoder('utf-8')
  while (start.length < SNIFF_CHARACTERS && !start.includes('\n')) {
    const next = await iterator.next()
    if (next.done) break
    head.push(next.value)
    start = (start + decoder.decode(next.value.subarray(0, SNIFF_CHARACTERS), { stream: true })).trimStart()
    if (start !== '' && !start.startsWith('{')) break
  }
  return { start, bytes: replay(head, iterator) }
}

/** An object whose first line is not JSON by itself; where the whole is none either, lines of which the first is broken. */
async function* readObjectOrLines(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Line, void> {
  const iterator = source[Symbol.asyncIterator]()
  const head: Uint8Array[] = []
  const pieces = createPieces(maxBytes)
  try {
    let sizeBytes = 0
    let isWhole = false
    while (!isWhole && sizeBytes <= maxBytes) {
      const next = await iterator.next()
      isWhole = next.done === true
      if (next.done) break
      head.push(next.value)
      pieces.add(next.value)
      sizeBytes += next.value.length
    }
    const taken = pieces.take()
    if (isWhole && 'text' in taken && parseJson(taken.text).ok) yield { number: 1, text: taken.text }
    else yield* readLines(replay(head, iterator), maxBytes)
  } finally {
    await iterator.return?.()
  }
}

async function* replay(
  head: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* head
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

async function* readWhole(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Line, void> {
  const pieces = createPieces(maxBytes)
  for await (const chunk of source) pieces.add(chunk)
  yield { number: 1, ...pieces.take() }
}
