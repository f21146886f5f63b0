/** What a pi session file holds, read by a parser of the test's own. */
export interface Expectations {
  /** Role and text of each message that is no tool's result, in file order. */
  readonly messages: readonly (readonly [role: string, text: string])[]
  /** Key and text of each result, in file order. */
  readonly artifacts: readonly (readonly [key: string, text: string])[]
  readonly calls: number
  readonly results: number
  readonly failed: number
  /** The key of a call that succeeded, to be answered differently. */
  readonly lie: string
}

interface Block {
  readonly type: string
  readonly text?: string
  readonly id?: string
}

interface Line {
  readonly type: string
  readonly message?: {
    readonly role: string
    readonly content: string | readonly Block[]
    readonly toolCallId?: string
    readonly isError?: boolean
  }
}

export function expectationsOf(text: string): Expectations {
  const lines = text.split('\n').filter((line) => line !== '')
  const messages = lines.flatMap((line) => {
    const { type, message } = JSON.parse(line) as Line
    return type === 'message' && message !== undefined ? [message] : []
  })
  const results = messages.filter(({ role }) => role === 'toolResult')
  const calls = messages.flatMap(({ role, content }) =>
    role === 'assistant' && typeof content !== 'string'
      ? content.filter((block) => block.type === 'toolCall')
      : [],
  )
  return {
    messages: messages
      .filter(({ role }) => role !== 'toolResult')
      .map(({ role, content }) => [role, textOf(content)] as const),
    artifacts: results.map(({ toolCallId = '', content }) => [toolCallId, textOf(content)] as const),
    calls: calls.length,
    results: results.length,
    failed: results.filter(({ isError }) => isError === true).length,
    lie: results.find(({ isError }) => isError !== true)?.toolCallId ?? '',
  }
}

function textOf(content: string | readonly Block[]): string {
  if (typeof content === 'string') return content
  return content.map((block) => block.text ?? '').join('')
}
