import { STORE_STREAM, type StreamId, sessionOfStream } from '../ids.ts'
import type { Journal, Log } from '../ports.ts'
import { foldMending } from './mending.ts'

/** How often a stream is read again, when something was stored meanwhile. */
const MAX_READS = 5

/**
 * Makes the index rows of every session and scope anew from the log, where they differ from it: sessions, views,
 * artifacts, and the heads of sessions and names. What a log that lost rows cannot tell is left as it is.
 *
 * @returns how many rows were put right
 */
export async function repairIndexes(
  { journal, log }: { readonly journal: Pick<Journal, 'mend'>; readonly log: Pick<Log, 'streams' | 'tail'> },
  progress?: (done: number, total: number) => void,
): Promise<number> {
  const streams = (await log.streams()).filter(hasIndexes)
  let mended = 0
  for (const [done, stream] of streams.entries()) {
    mended += await repairStream({ journal, log }, stream)
    progress?.(done + 1, streams.length)
  }
  return mended
}

async function repairStream(
  { journal, log }: { readonly journal: Pick<Journal, 'mend'>; readonly log: Pick<Log, 'tail'> },
  stream: StreamId,
): Promise<number> {
  for (let turn = 1; turn <= MAX_READS; turn += 1) {
    const mended = await journal.mend(stream, foldMending(stream, await log.tail(stream, 0)))
    if (mended !== undefined) return mended
  }
  return 0
}

/** App documents and the store's own stream have none. */
function hasIndexes(stream: StreamId): boolean {
  const session = sessionOfStream(stream)
  return session === undefined ? stream !== STORE_STREAM : (session as string) === stream
}
