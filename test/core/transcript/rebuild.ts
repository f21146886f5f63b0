import type { CallRecord, ImportRecord } from '../../../src/core/transcript/records.ts'

type Json = Record<string, unknown>

/** Makes the lines of a pi session again from its records: what cannot be made again was dropped. */
export function rebuildPiLines(records: readonly ImportRecord[]): Json[] {
  const lines: Json[] = []
  records.forEach((record, index) => {
    const time = 'at' in record ? { timestamp: new Date(record.at ?? 0).toISOString() } : {}
    if (record.kind === 'header') lines.push({ type: 'session', ...(record.data as Json) })
    if (record.kind === 'entry') lines.push(record.data as Json)
    if (record.kind === 'model') {
      const { entry = {} } = (record.source ?? {}) as { entry?: Json }
      const provider = record.provider === undefined ? {} : { provider: record.provider }
      lines.push({ type: 'model_change', ...time, ...provider, modelId: record.model, ...entry })
    }
    if (record.kind === 'message') {
      const { message = {}, entry = {}, calls = [] } = (record.source ?? {}) as Source
      const records_ = callsAfter(records, index)
      const content = Array.isArray(record.content) ? [...record.content] : record.content
      calls.forEach((call, nth) => {
        const { tool, input } = records_[nth] as CallRecord
        const block = {
          type: 'toolCall',
          id: call.id,
          name: tool,
          ...(input === null ? {} : { arguments: input }),
          ...call.more,
        }
        ;(content as unknown[]).splice(call.place, 0, block)
      })
      const model = record.model === undefined ? {} : { model: record.model }
      const kept = content === null ? {} : { content }
      lines.push({
        type: 'message',
        ...time,
        ...entry,
        message: { role: record.role, ...kept, ...model, ...message },
      })
    }
    if (record.kind === 'result') {
      const { message = {}, entry = {} } = (record.source ?? {}) as Source
      const { outcome } = record
      const text = outcome.ok ? outcome.value : outcome.message
      const content = typeof text === 'string' ? [{ type: 'text', text }] : text
      const told = {
        role: 'toolResult',
        toolCallId: record.callId,
        content,
        isError: !outcome.ok,
        ...message,
      }
      lines.push({ type: 'message', ...time, ...entry, message: told })
    }
  })
  return lines
}

/** The same for OpenAI messages. */
export function rebuildOpenAiMessages(records: readonly ImportRecord[]): Json[] {
  return records.flatMap((record, index) => {
    if (record.kind === 'entry') return [record.data as Json]
    if (record.kind === 'result' && record.outcome.ok) {
      const { message = {} } = (record.source ?? {}) as Source
      return [{ role: 'tool', tool_call_id: record.callId, content: record.outcome.value, ...message }]
    }
    if (record.kind !== 'message') return []
    const { message = {}, calls } = (record.source ?? {}) as Source
    const toolCalls = Array.isArray(message.tool_calls) ? [...message.tool_calls] : []
    calls?.forEach((call, nth) => {
      const { tool, input } = callsAfter(records, index)[nth] as CallRecord
      const { function: more = {}, ...rest } = (call.more ?? {}) as Json & { function?: Json }
      const text = typeof input === 'string' ? input : JSON.stringify(input)
      const made = {
        id: call.id,
        type: 'function',
        function: { name: tool, arguments: text, ...more },
        ...rest,
      }
      toolCalls.splice(call.place, 0, made)
    })
    const { tool_calls: _, ...said } = message
    const kept = 'tool_calls' in message || calls ? { tool_calls: toolCalls } : {}
    return [{ role: record.role, content: record.content, ...kept, ...said }]
  })
}

interface Source {
  readonly message?: Json
  readonly entry?: Json
  readonly calls?: readonly { readonly id: string; readonly place: number; readonly more?: Json }[]
}

function callsAfter(records: readonly ImportRecord[], index: number): readonly CallRecord[] {
  const rest = records.slice(index + 1)
  const end = rest.findIndex((record) => record.kind !== 'call')
  return (end < 0 ? rest : rest.slice(0, end)).filter((record) => record.kind === 'call')
}
