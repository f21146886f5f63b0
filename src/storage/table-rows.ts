/**
 * The rows that decisions write, as the rules know them and as they are stored: with what the indexes need in clear,
 * and the row itself in one field.
 */
import type { ContentRow } from '../core/artifact/record.ts'
import type { RowByTable, RowKey, RowTable } from '../core/commit.ts'
import { clockOfId, sessionStream } from '../core/ids.ts'
import type { StoredArtifact, StoredContent, StoredGrant } from './artifact-rows.ts'
import { withSum } from './checksum.ts'
import type { StoredCheckpoint, StoredDamage, StoredMeta, StoredRun } from './schema.ts'

/** What is put for a row. */
export function toStored<Name extends RowTable>(table: Name, row: RowByTable[Name]): object {
  return codecOf(table).toStored(row)
}

/** The row that was put, from what is stored. */
export function fromStored<Name extends RowTable>(
  table: Name,
  stored: unknown,
): RowByTable[Name] | undefined {
  return stored === undefined ? undefined : codecOf(table).fromStored(stored)
}

/** The primary key that a row has. */
export function keyOfRow<Name extends RowTable>(table: Name, row: RowByTable[Name]): RowKey {
  return codecOf(table).keyOf(row)
}

interface Codec<Row> {
  keyOf(row: Row): RowKey
  toStored(row: Row): object
  /** Only what `toStored` made ever stands in the table, so its shape is believed. */
  fromStored(stored: unknown): Row
}

function codecOf<Name extends RowTable>(table: Name): Codec<RowByTable[Name]> {
  return CODECS[table]
}

const CODECS: { readonly [Name in RowTable]: Codec<RowByTable[Name]> } = {
  artifacts: {
    keyOf: (row) => row.id,
    toStored: (record): StoredArtifact => ({
      id: record.id,
      sessionId: record.sessionId,
      name: record.name,
      domain: PLAIN,
      hash: record.contentId,
      keys: ['', record.sessionId].flatMap((session) =>
        ['', ...new Set(record.tags)].map((tag) => [session, tag, record.createdAt] as const),
      ),
      record,
    }),
    fromStored: (stored) => (stored as StoredArtifact).record,
  },
  contents: {
    keyOf: (row) => [row.domain, row.hash],
    toStored: (row): StoredContent => ({
      ...row,
      chunkKeys: [...new Set(row.chunks.map((chunk) => chunk.hash))].map((hash) => [row.domain, hash]),
    }),
    fromStored: (stored) => {
      const { chunkKeys: _, ...row } = stored as StoredContent
      return row satisfies ContentRow
    },
  },
  chunks: {
    keyOf: (row) => [row.domain, row.hash],
    toStored: (row) => row,
    fromStored: (stored) => stored as RowByTable['chunks'],
  },
  runs: {
    keyOf: (row) => row.id,
    toStored: (record): StoredRun => ({
      id: record.id,
      sessionId: record.sessionId,
      keys: [
        ['name', record.sessionId, record.name, record.key ?? ''],
        ['status', record.status, record.updatedAt],
      ],
      record,
    }),
    fromStored: (stored) => (stored as StoredRun).record,
  },
  checkpoints: {
    keyOf: (row) => row.id,
    toStored: (content): StoredCheckpoint =>
      withSum({
        id: content.id,
        streamId: sessionStream(content.sessionId),
        hlc: clockOfId(content.id),
        content,
      }),
    fromStored: (stored) => (stored as StoredCheckpoint).content,
  },
  grants: {
    keyOf: (row) => [row.artifactId, row.sessionId],
    toStored: (row): StoredGrant => row,
    fromStored: (stored) => stored as StoredGrant,
  },
  quarantine: {
    keyOf: (row) => row.damage.id,
    toStored: (record): StoredDamage => ({ id: record.damage.id, streamId: record.damage.stream, record }),
    fromStored: (stored) => (stored as StoredDamage).record,
  },
  meta: {
    keyOf: (row) => row.key,
    toStored: (row): StoredMeta => row,
    fromStored: (stored) => stored as RowByTable['meta'],
  },
}

/** The key domain of bytes that are not sealed. */
const PLAIN = ''
