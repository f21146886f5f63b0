/**
 * Keys of open streams that hold sensitive values, or are about to, as far as this worker knows: nothing of what is written
 * to them is told on the channel before it is stored.
 */
import type { CommitRow } from '../core/commit.ts'
import type { StreamId } from '../core/ids.ts'
import { deltasOf } from '../core/state/fold.ts'
import { sensitiveEntryKeys } from '../core/state/packed-entries.ts'
import type { StreamStart } from '../core/stream-start.ts'

export interface ClosedKeys {
  /** The stream was read: what it holds is known from now on. */
  begin(stream: StreamId, start: StreamStart): void
  take(stream: StreamId, rows: readonly CommitRow[]): void
  /** These are about to hold sensitive values. */
  close(stream: StreamId, entryKeys: readonly string[]): void
  /** False also while nothing is known of the stream. */
  isOpen(stream: StreamId, entryKey: string): boolean
  /** It is known that this one holds a sensitive value, or is about to. */
  isClosed(stream: StreamId, entryKey: string): boolean
  end(stream: StreamId): void
}

/** Of one stream; beyond that all of its keys are taken for closed. */
const MAX_KEYS = 1_000

/** Streams that are not read yet, or not open, of which closings are remembered; beyond that the oldest are forgotten. */
const MAX_EARLY_STREAMS = 256

export function createClosedKeys(): ClosedKeys {
  const keysByStream = new Map<StreamId, Set<string>>()
  /** What is about to be stored is not in what a reading of its stream finds that begins now, or has begun. */
  const earlyByStream = new Map<StreamId, Set<string>>()

  function take(stream: StreamId, rows: readonly CommitRow[]): void {
    close(stream, sensitiveEntryKeys({ entries: rows.flatMap(({ events }) => events.flatMap(deltasOf)) }))
  }

  function close(stream: StreamId, entryKeys: readonly string[]): void {
    if (entryKeys.length === 0) return
    const keys = keysByStream.get(stream) ?? earlyOf(stream)
    for (const key of entryKeys) if (keys.size <= MAX_KEYS) keys.add(key)
  }

  function earlyOf(stream: StreamId): Set<string> {
    const keys = earlyByStream.get(stream) ?? new Set()
    earlyByStream.set(stream, keys)
    const [oldest] = earlyByStream.keys()
    if (earlyByStream.size > MAX_EARLY_STREAMS && oldest !== undefined) earlyByStream.delete(oldest)
    return keys
  }

  return {
    begin(stream, { tail, ...read }) {
      keysByStream.set(stream, keysByStream.get(stream) ?? earlyByStream.get(stream) ?? new Set())
      earlyByStream.delete(stream)
      close(stream, sensitiveEntryKeys(read))
      take(stream, tail)
    },
    take,
    close,
    isOpen(stream, entryKey) {
      const keys = keysByStream.get(stream)
      return keys !== undefined && keys.size <= MAX_KEYS && !keys.has(entryKey)
    },
    isClosed: (stream, entryKey) => keysByStream.get(stream)?.has(entryKey) === true,
    end: (stream) => void keysByStream.delete(stream),
  }
}
