import type { StateValue } from '../state/value.ts'
import { type ReadablePart, readConversation } from './conversation.ts'
import { isEmpty, isJsonArray, isJsonObject, type JsonObject, parseJson, textOf, without } from './json.ts'
import type { CallRecord, ImportRecord, ResultRecord } from './records.ts'

/**
 * Reads messages as the OpenAI chat API has them: `{ role, content, tool_calls?, tool_call_id? }`.
 *
 * They may stand in a JSON array, one a line, or as `messages` or `traj` of an object. Where the file holds several such
 * objects, `index` says which one to read. A message of role `tool` answers a call; whether the tool failed is not part
 * of the format, so every answer is a result. Times and usage are not part of it either.
 *
 * @throws INVALID_ARGUMENT when the file holds several conversations and `index` does not name one of them
 */
export async function* parseOpenAiMessages(
  source: AsyncIterable<Uint8Array>,
  options: { readonly index?: number; readonly maxLineBytes?: number } = {},
): AsyncGenerator<ImportRecord, void> {
  for await (const part of readConversation(source, options)) {
    if (part.kind === 'broken') yield part
    else yield* recordsOf(part)
  }
}

function recordsOf({ kind, line, data }: ReadablePart): readonly ImportRecord[] {
  if (kind === 'header') return [{ kind, line, data }]
  if (!isJsonObject(data)) return [{ kind: 'broken', line, reason: 'a message is not a JSON object' }]
  const role = textOf(data.role)
  if (role === undefined) return [{ kind: 'entry', line, data }]
  const callId = textOf(data.tool_call_id)
  if (role === 'tool' && callId !== undefined) return [resultOf(line, data, callId)]
  return recordsOfMessage(line, role, data)
}

function recordsOfMessage(line: number, role: string, message: JsonObject): readonly ImportRecord[] {
  const toolCalls = isJsonArray(message.tool_calls) ? message.tool_calls : []
  const read = toolCalls.map((call, place) => readCall(line, call, place))
  const calls = read.filter((call) => call !== undefined)
  const others = toolCalls.filter((_call, place) => read[place] === undefined)
  const rest = without(message, calls.length > 0 ? ['role', 'content', 'tool_calls'] : ['role', 'content'])
  // A call of a shape that is not known here stays in the message.
  const said = calls.length > 0 && others.length > 0 ? { ...rest, tool_calls: others } : rest
  const source = {
    ...(isEmpty(said) ? {} : { message: said }),
    ...(calls.length > 0 ? { calls: calls.map((call) => call.source) } : {}),
  }
  return [
    {
      kind: 'message',
      line,
      role,
      content: message.content ?? null,
      ...(isEmpty(source) ? {} : { source }),
    },
    ...calls.map((call) => call.record),
  ]
}

function readCall(
  line: number,
  call: StateValue,
  place: number,
): { readonly record: CallRecord; readonly source: JsonObject } | undefined {
  if (!isJsonObject(call) || !isJsonObject(call.function)) return undefined
  const callId = textOf(call.id)
  const tool = textOf(call.function.name)
  if (callId === undefined || tool === undefined) return undefined
  const { input, raw } = readArguments(call.function.arguments ?? null)
  const said = without(call, call.type === 'function' ? ['id', 'type', 'function'] : ['id', 'function'])
  const saidOfFunction = without(call.function, raw ? ['name'] : ['name', 'arguments'])
  const more = { ...said, ...(isEmpty(saidOfFunction) ? {} : { function: saidOfFunction }) }
  return {
    record: { kind: 'call', line, callId, tool, input },
    source: { id: callId, place, ...(isEmpty(more) ? {} : { more }) },
  }
}

/** Arguments are JSON in a string. `raw` says that the string cannot be made again from the input. */
function readArguments(text: StateValue): { readonly input: StateValue; readonly raw: boolean } {
  if (typeof text !== 'string') return { input: text, raw: false }
  const parsed = parseJson(text)
  if (!parsed.ok || !isJsonObject(parsed.value)) return { input: text, raw: false }
  return { input: parsed.value, raw: JSON.stringify(parsed.value) !== text }
}

function resultOf(line: number, message: JsonObject, callId: string): ResultRecord {
  const rest = without(message, ['role', 'tool_call_id', 'content'])
  return {
    kind: 'result',
    line,
    callId,
    outcome: { ok: true, value: message.content ?? null },
    ...(isEmpty(rest) ? {} : { source: { message: rest } }),
    data: message,
  }
}
