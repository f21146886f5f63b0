/** Functions that run in the page; each stands alone, since only its text crosses. */
import type * as Package from '../../../src/index.ts'
import '../page-globals.ts'

export async function importTranscript({ name, text }: { name: string; text: string }): Promise<string> {
  const holdfast = await window.holdfast.openHoldfast({ name })
  const tools = ['bash', 'edit', 'read', 'write']
  const session = await holdfast.sessions.import(new Blob([text]), {
    format: 'pi-session',
    steps: Object.fromEntries(tools.map((tool) => [tool, `tool:${tool}@1`])),
  })
  const { sessionId } = session
  const open = await holdfast.sessions.open(sessionId)
  await open.state.set('verdict', 'ported')
  await open.state.set('progress', { done: 3, of: 3 })
  await open.complete()
  await holdfast.close()
  return sessionId
}

export async function checkRestored({ name, id }: { name: string; id: string }) {
  const holdfast = await window.holdfast.openHoldfast({ name })
  const session = await holdfast.sessions.open(id)
  const messages: (readonly [string, string])[] = []
  const correlations = new Set<string>()
  const startedKeys = new Map<string, string>()
  const ends: { key: string; artifact: string | undefined }[] = []
  let cursor: string | undefined
  do {
    const page = await session.timeline.query({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) })
    cursor = page.cursor
    for (const event of page.items) {
      correlations.add(event.correlationId)
      if (event.type === 'message.added') {
        const { role, content } = event.data as {
          role: string
          content: string | readonly { text?: string }[]
        }
        const text = typeof content === 'string' ? content : content.map((block) => block.text ?? '').join('')
        messages.push([role, text])
      }
      if (event.type === 'step.started') startedKeys.set(event.id, (event.data as { key: string }).key)
      if (event.type === 'step.completed' || event.type === 'step.failed') {
        const { key, artifactIds } = event.data as { key: string; artifactIds: readonly string[] }
        ends.push({ key, artifact: artifactIds[0] })
      }
    }
  } while (cursor !== undefined)
  const artifacts: (readonly [string, string])[] = []
  for (const { key, artifact } of ends) {
    const stored = artifact === undefined ? null : await session.artifacts.get({ id: artifact })
    artifacts.push([key, (await stored?.text()) ?? 'no artifact'])
  }
  const { counters, status } = session.info
  const state = Object.fromEntries(session.state.entries())
  await holdfast.close()
  return { messages, artifacts, correlations: correlations.size, counters, status, state }
}

/** Replays with the transcript's tools as look-ups by key; `lie` is the key of a call that answers something else. */
export async function replayTranscript(options: {
  name: string
  id: string
  text: string
  lie: string | null
  define: boolean
}): Promise<Package.ReplayReport> {
  const answers = new Map<string, { failed: boolean; value: unknown }>()
  for (const line of options.text.split('\n').filter((one) => one !== '')) {
    const { message } = JSON.parse(line)
    if (message?.role !== 'toolResult') continue
    const { content } = message
    const only = content.length === 1 && content[0].type === 'text' && Object.keys(content[0]).length === 2
    answers.set(message.toolCallId, {
      failed: message.isError === true,
      value: only ? content[0].text : content,
    })
  }
  const { defineApp, defineStep, openHoldfast } = window.holdfast
  const steps = ['bash', 'edit', 'read', 'write'].map((tool) =>
    defineStep({
      id: `tool:${tool}`,
      version: 1,
      purity: 'pure',
      run: (_input: unknown, { key }) => {
        const answer = answers.get(key)
        if (answer === undefined) throw new Error(`No answer is recorded for ${key}`)
        if (key === options.lie) return 'something else'
        if (answer.failed) throw new Error(String(answer.value))
        return answer.value
      },
    }),
  )
  const holdfast = await openHoldfast({
    name: options.name,
    ...(options.define ? { app: defineApp({ steps }) } : {}),
  })
  const session = await holdfast.sessions.open(options.id)
  const report = await session.replay({ mode: 'exact', deadlineMs: 60_000 }).report
  await holdfast.close()
  return report
}
