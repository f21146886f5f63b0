/** What the tools of a transcript answered, by the key of each call. */
export interface Answers {
  /** Of the file they come from. */
  readonly name: string
  readonly byKey: ReadonlyMap<string, Answer>
}

export type Answer =
  | { readonly failed: false; readonly value: unknown }
  | { readonly failed: true; readonly message: string }

/** Reads the results in a session file of the pi coding agent. Lines that say something else are passed over. */
export async function readAnswers(file: File): Promise<Answers> {
  const lines = (await file.text()).split('\n')
  const byKey = new Map(lines.flatMap(answerIn))
  if (byKey.size === 0) {
    throw new Error(`${file.name} holds no answers of tools. Choose a session file of the pi coding agent.`)
  }
  return { name: file.name, byKey }
}

function answerIn(line: string): readonly (readonly [key: string, answer: Answer])[] {
  const entry = parse(line)
  const message = isObject(entry) ? entry.message : undefined
  if (!isObject(message) || message.role !== 'toolResult' || typeof message.toolCallId !== 'string') return []
  const value = contentOf(message.content)
  const answer: Answer =
    message.isError === true
      ? { failed: true, message: typeof value === 'string' ? value : JSON.stringify(value) }
      : { failed: false, value }
  return [[message.toolCallId, answer]]
}

/** The text of a content that is one text and nothing else, as the import takes it; else the content. */
function contentOf(content: unknown): unknown {
  if (!Array.isArray(content) || content.length !== 1) return content ?? null
  const [block] = content
  const plain = isObject(block) && block.type === 'text' && Object.keys(block).length === 2
  return plain && typeof block.text === 'string' ? block.text : content
}

/** A line that is no JSON holds no answer. */
function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
