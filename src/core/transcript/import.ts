import { assertGoing } from '../artifact/byte-source.ts'
import type { HeadReader } from '../commit.ts'
import { createError } from '../errors.ts'
import { type EventId, type RequestId, type SessionId, sessionStream } from '../ids.ts'
import type { Request } from '../request.ts'
import type { RunDeps } from '../run/deps.ts'
import { isOf } from '../run/open-step.ts'
import { commitPlan, type Plan } from '../run/plan.ts'
import { createSession } from '../session/create.ts'
import type { SessionDeps } from '../session/deps.ts'
import { requireHead, sessionNotFound } from '../session/head.ts'
import type { SessionRecord } from '../session/record.ts'
import { assertPermitted } from '../session/status.ts'
import { scanEvents } from '../timeline/scan.ts'
import { createBatchWriter } from './batch.ts'
import { type ImportInput, type ParsedInput, parseImport } from './input.ts'
import type { JsonObject } from './json.ts'
import { parseOpenAiMessages } from './openai-messages.ts'
import { parsePiSession } from './pi-session.ts'
import { planEvent } from './plan-event.ts'
import { createRecorder } from './recorder.ts'
import type { ImportRecord } from './records.ts'
import { importLockName, removeUnfinishedImport } from './unfinished.ts'

export interface ImportDeps extends RunDeps, SessionDeps {}

export interface ImportOptions {
  readonly signal?: AbortSignal
  /** Bytes read so far. */
  readonly onProgress?: (loadedBytes: number) => void
}

export interface ImportReport {
  readonly sessionId: SessionId
  /** Entries of the source that were imported: lines, or messages of a list. */
  readonly entries: number
  /** Numbers of the lines that were skipped, the first 1,000. */
  readonly skipped: readonly number[]
  /** How many more were skipped. */
  readonly moreSkipped?: number
}

/**
 * Makes a session out of a transcript, as if it happened now: through the same hooks, collectors and journal as live
 * work, in the order of the file. The session is in no list before all of it is stored; where the import fails or is
 * aborted nothing of it stays.
 *
 * @throws INVALID_ARGUMENT for the input; IMPORT_FAILED with `{ line }` for a line that cannot be read, unless such
 * lines are to be skipped; HOOK_CANCELLED and the like; ABORTED; what the source and storage throw
 */
export type Importer = (
  request: Request,
  input: ImportInput,
  options?: ImportOptions,
) => Promise<ImportReport>

export function createImporter(deps: ImportDeps): Importer {
  const { clock, journal, log, locks } = deps

  return async (request, input, options = {}) => {
    const parsed = parseImport(input)
    const first = request.mayRepeat ? await journal.outcomeOf(request.id, request.does) : undefined
    if (first !== undefined) return reportAgain(first as SessionId)
    const signal = options.signal ?? request.signal
    assertGoing(signal)
    const id = clock.nextId<SessionId>()
    const report = await locks.request(importLockName(id), {}, () =>
      run(id, request, parsed, { ...options, ...(signal && { signal }) }),
    )
    if (report !== undefined) return report
    throw createError('CONFLICT', `The lock of import ${id} was not given; send the call again.`, { id })
  }

  async function run(
    id: SessionId,
    request: Request,
    input: ParsedInput,
    options: ImportOptions,
  ): Promise<ImportReport> {
    try {
      // Its own id: the import's is stored with its last commit, so that a repeat never finds half of it.
      const own: Request = { ...request, id: clock.nextId<RequestId>(), mayRepeat: false }
      const { name, tags } = input
      const fields = { id, ...(name === undefined ? {} : { name }), ...(tags === undefined ? {} : { tags }) }
      const { record } = await createSession(deps, own, fields, { hidden: true })
      return await fill(record, request, input, options)
    } catch (error) {
      await removeUnfinishedImport(deps, id).catch(() => {
        // The next sweep takes it.
      })
      throw error
    }
  }

  async function fill(
    session: SessionRecord,
    request: Request,
    input: ParsedInput,
    { signal, onProgress }: ImportOptions,
  ): Promise<ImportReport> {
    const inside: Request = {
      id: clock.nextId<RequestId>(),
      mayRepeat: false,
      hookPath: request.hookPath,
      correlationId: session.correlationId,
      ...(request.actor === undefined ? {} : { actor: request.actor }),
      ...(request.client === undefined ? {} : { client: request.client }),
      ...(signal === undefined ? {} : { signal }),
    }
    const check = (heads: HeadReader) => assertPermitted(requireHead(heads, session.id), 'import')
    const batch = createBatchWriter({ journal, clock, check })
    const recorder = createRecorder(deps, inside, session, input, batch)
    try {
      const source = counted(input.source, signal, onProgress)
      for await (const record of parse(source, input)) await recorder.record(record)
      const finished = await recorder.end()
      await batch.drain()
      assertGoing(signal)
      await finish(request, session, { ...finished })
      return { sessionId: session.id, ...finished }
    } catch (error) {
      await batch.abandon()
      throw error
    }
  }

  /** The last commit, strictly: the barrier before it makes all that came before durable too, and lists show it now. */
  async function finish(request: Request, session: SessionRecord, data: JsonObject): Promise<void> {
    const plan = await planEvent(
      deps,
      { ...request, correlationId: session.correlationId },
      {
        session,
        type: 'import.finished',
        data,
      },
    )
    const strict: Plan<EventId> = {
      ...plan,
      durability: 'strict',
      decide(heads) {
        const decision = plan.decide(heads)
        const writes = decision.writes.map((write) => ({ ...write, index: true }))
        return { ...decision, writes, resultId: session.id }
      },
    }
    await commitPlan(journal, request, strict)
  }

  /** What a repeated request gets: the report is the session's last event of the import. */
  async function reportAgain(sessionId: SessionId): Promise<ImportReport> {
    for await (const events of scanEvents(log, sessionStream(sessionId), { reverse: true })) {
      const finished = events.find((event) => isOf(event, 'import.finished'))
      if (finished !== undefined) return { sessionId, ...finished.data }
    }
    throw sessionNotFound(sessionId)
  }
}

function parse(
  source: AsyncIterable<Uint8Array>,
  { format, index }: ParsedInput,
): AsyncIterable<ImportRecord> {
  switch (format) {
    case 'pi-session':
      return parsePiSession(source)
    case 'openai-messages':
      return parseOpenAiMessages(source, index === undefined ? {} : { index })
  }
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  onProgress: ImportOptions['onProgress'],
): AsyncGenerator<Uint8Array, void> {
  let loaded = 0
  for await (const chunk of source) {
    assertGoing(signal)
    yield chunk
    // Told once it is read on, so that progress is what was taken in and not what was handed over.
    loaded += chunk.byteLength
    onProgress?.(loaded)
  }
}
