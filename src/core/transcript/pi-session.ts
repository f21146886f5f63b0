import type { Usage } from '../session/record.ts'
import type { StateValue } from '../state/value.ts'
import {
  countOf,
  isEmpty,
  isJsonArray,
  isJsonObject,
  type JsonObject,
  parseJson,
  textOf,
  without,
} from './json.ts'
import { readLines } from './lines.ts'
import type { CallRecord, ImportRecord, ResultRecord } from './records.ts'

/**
 * Reads the session file of the pi coding agent: one JSON object a line, each with a `type` and a `timestamp`.
 *
 * Entries of the later versions also name their `id` and `parentId`; they are kept, and the order is the file's.
 */
export async function* parsePiSession(
  source: AsyncIterable<Uint8Array>,
  options: { readonly maxLineBytes?: number } = {},
): AsyncGenerator<ImportRecord, void> {
  for await (const line of readLines(source, options.maxLineBytes)) {
    if ('broken' in line) {
      yield { kind: 'broken', line: line.number, reason: line.broken }
      continue
    }
    const parsed = parseJson(line.text)
    if (!parsed.ok) yield { kind: 'broken', line: line.number, reason: parsed.reason }
    else if (!isJsonObject(parsed.value))
      yield { kind: 'broken', line: line.number, reason: 'it is not a JSON object' }
    else yield* recordsOf(line.number, parsed.value)
  }
}

function recordsOf(line: number, entry: JsonObject): readonly ImportRecord[] {
  const type = textOf(entry.type)
  const place = { line, ...timeOf(entry) }
  if (type === 'session') return [{ kind: 'header', ...place, data: without(entry, ['type']) }]
  if (type === 'message' && isJsonObject(entry.message)) return recordsOfMessage(place, entry, entry.message)
  if (type === 'model_change' && textOf(entry.modelId)) return [modelOf(place, entry)]
  return [{ kind: 'entry', ...place, ...(type === undefined ? {} : { type }), data: entry }]
}

interface Place {
  readonly line: number
  readonly at?: number
}

function timeOf(entry: JsonObject): { at?: number } {
  const stamp = textOf(entry.timestamp)
  const at = stamp === undefined ? Number.NaN : Date.parse(stamp)
  return Number.isNaN(at) ? {} : { at }
}

function modelOf(place: Place, entry: JsonObject): ImportRecord {
  const provider = textOf(entry.provider)
  const rest = restOfEntry(entry, ['provider', 'modelId'])
  return {
    kind: 'model',
    ...place,
    ...(provider === undefined ? {} : { provider }),
    model: textOf(entry.modelId) ?? '',
    ...(isEmpty(rest) ? {} : { source: { entry: rest } }),
  }
}

function recordsOfMessage(place: Place, entry: JsonObject, message: JsonObject): readonly ImportRecord[] {
  const role = textOf(message.role)
  if (role === undefined) return [{ kind: 'entry', ...place, type: 'message', data: entry }]
  const callId = textOf(message.toolCallId)
  if (role === 'toolResult' && callId) return [resultOf(place, entry, message, callId)]
  const { content, calls, callsSource } = splitContent(place, message.content ?? null)
  const model = textOf(message.model)
  const source = sourceOf(
    entry,
    without(message, model ? ['role', 'content', 'model'] : ['role', 'content']),
    callsSource,
  )
  return [
    {
      kind: 'message',
      ...place,
      role,
      content,
      ...(model === undefined ? {} : { model }),
      ...usageOf(message.usage),
      ...(isEmpty(source) ? {} : { source }),
    },
    ...calls,
  ]
}

/** Tool calls leave the content; where they stood, and what else they said, goes to the message's source. */
function splitContent(place: Place, content: StateValue) {
  const calls: CallRecord[] = []
  const callsSource: JsonObject[] = []
  if (!isJsonArray(content)) return { content, calls, callsSource }
  const rest = content.filter((block, index) => {
    if (!isJsonObject(block) || block.type !== 'toolCall') return true
    const callId = textOf(block.id)
    const tool = textOf(block.name)
    if (callId === undefined || tool === undefined) return true
    calls.push({ kind: 'call', ...place, callId, tool, input: block.arguments ?? null })
    callsSource.push({
      id: callId,
      place: index,
      ...more(without(block, ['type', 'id', 'name', 'arguments'])),
    })
    return false
  })
  return { content: rest, calls, callsSource }
}

function resultOf(place: Place, entry: JsonObject, message: JsonObject, callId: string): ResultRecord {
  const text = onlyText(message.content)
  const failed = message.isError === true
  const told = ['role', 'toolCallId']
  if (!failed || text !== undefined) told.push('content')
  if (typeof message.isError === 'boolean') told.push('isError')
  const source = sourceOf(entry, without(message, told), [])
  return {
    kind: 'result',
    ...place,
    callId,
    outcome: failed
      ? { ok: false, message: text ?? JSON.stringify(message.content ?? null) }
      : { ok: true, value: text ?? message.content ?? null },
    ...usageOf(message.usage),
    ...(isEmpty(source) ? {} : { source }),
    data: entry,
  }
}

/** The text of a content that is nothing but one text. */
function onlyText(content: StateValue | undefined): string | undefined {
  if (typeof content === 'string') return content
  if (!isJsonArray(content) || content.length !== 1) return undefined
  const [block] = content
  if (!isJsonObject(block) || block.type !== 'text' || typeof block.text !== 'string') return undefined
  return isEmpty(without(block, ['type', 'text'])) ? block.text : undefined
}

function sourceOf(entry: JsonObject, message: JsonObject, calls: readonly JsonObject[]): JsonObject {
  const rest = restOfEntry(entry, ['message'])
  return {
    ...(isEmpty(message) ? {} : { message }),
    ...(isEmpty(rest) ? {} : { entry: rest }),
    ...(calls.length === 0 ? {} : { calls }),
  }
}

/** What an entry says beside its type, its time and the named keys. A time that the record cannot give back is kept. */
function restOfEntry(entry: JsonObject, told: readonly string[]): JsonObject {
  const { at } = timeOf(entry)
  const exact = at !== undefined && new Date(at).toISOString() === entry.timestamp
  return without(entry, exact ? ['type', 'timestamp', ...told] : ['type', ...told])
}

function more(rest: JsonObject): JsonObject {
  return isEmpty(rest) ? {} : { more: rest }
}

function usageOf(usage: StateValue | undefined): { usage?: Partial<Usage> } {
  if (!isJsonObject(usage)) return {}
  const costUsd = isJsonObject(usage.cost) ? countOf(usage.cost.total) : undefined
  const counts = {
    inputTokens: countOf(usage.input),
    outputTokens: countOf(usage.output),
    cacheReadTokens: countOf(usage.cacheRead),
    cacheWriteTokens: countOf(usage.cacheWrite),
    costUsd,
  }
  const known = Object.entries(counts).filter(([, count]) => count !== undefined)
  return known.length === 0 ? {} : { usage: Object.fromEntries(known) }
}
