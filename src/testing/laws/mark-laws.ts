import type { ArtifactRecord } from '../../core/artifact/record.ts'
import type { CommitRow } from '../../core/commit.ts'
import { type ArtifactId, clockOfId } from '../../core/ids.ts'
import { foldSession } from '../../core/session/fold.ts'
import { deltasOf, foldEntries } from '../../core/state/fold.ts'
import { unpackEntries } from '../../core/state/packed-entries.ts'
import type { DatabaseContent } from '../database-content.ts'
import type { Violation } from '../law.ts'
import { sameValue } from '../same-value.ts'
import { applyArtifactEvent } from './index-laws.ts'

/** A mark is what all events up to its clock make, also those that came after it. */
export function* markLaws({ marks, rowsByStream, lossy, views }: DatabaseContent): Iterable<Violation> {
  for (const { streamId, hlc, events, content } of marks) {
    // What is missing was there when the mark was made.
    if (lossy.has(streamId)) continue
    const rows = (rowsByStream.get(streamId) ?? []).map(
      (row): CommitRow => ({ ...row, events: row.events.filter(({ id }) => clockOfId(id) <= hlc) }),
    )
    const say = (what: string): Violation => ({
      law: 'LA19',
      message: `The mark of ${streamId} at clock ${hlc} has ${what} than the log up to it.`,
    })
    const inOrder = rows.flatMap((row) => row.events).toSorted((a, b) => (a.id < b.id ? -1 : 1))
    if (content.last !== undefined && content.last !== inOrder.at(-1)?.id) yield say('another last event')
    const record = foldSession(undefined, streamId, rows)
    if (!sameValue(content.record, record) || events !== record?.counters.events) yield say('another record')
    const { forgotten = 0 } = views.find((view) => view.streamId === streamId) ?? {}
    const held = unpackEntries(content.entries)
    const kept = new Set(held.map(({ key }) => key))
    const entries = foldEntries([], inOrder.flatMap(deltasOf), 'state').filter(
      ({ key, value, at }) => value !== undefined || kept.has(key) || clockOfId(at) >= forgotten,
    )
    if (!sameByKey(held, entries)) yield say('another state')
    const artifacts = new Map<ArtifactId, ArtifactRecord>()
    for (const event of inOrder) applyArtifactEvent(artifacts, event)
    if (!sameByKey(content.artifacts.map(keyed), [...artifacts.values()].map(keyed)))
      yield say('other artifacts')
  }
}

function keyed(artifact: ArtifactRecord): { readonly key: string; readonly artifact: ArtifactRecord } {
  return { key: artifact.id, artifact }
}

function sameByKey(a: readonly { readonly key: string }[], b: readonly { readonly key: string }[]): boolean {
  const byKey = new Map(b.map((one) => [one.key, one]))
  return a.length === byKey.size && a.every((one) => sameValue(one, byKey.get(one.key)))
}
