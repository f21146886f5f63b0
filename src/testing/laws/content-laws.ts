import { contentsOfEvent } from '../../core/artifact/references.ts'
import type { ContentId } from '../../core/ids.ts'
import { toStored } from '../../storage/table-rows.ts'
import type { DatabaseContent } from '../database-content.ts'
import type { Violation } from '../law.ts'
import { sameValue } from '../same-value.ts'

/** Contents: counted by who names them, whole, and found by their chunks. */
export function* contentLaws({
  artifacts,
  contents,
  chunks,
  commits,
  lossy,
}: DatabaseContent): Iterable<Violation> {
  const names = new Map<string, number>()
  const count = (domain: string, hash: ContentId) => {
    const key = JSON.stringify([domain, hash])
    names.set(key, (names.get(key) ?? 0) + 1)
  }
  for (const { domain, record } of artifacts) count(domain, record.contentId)
  for (const { body } of commits) {
    const recorded = body.events.filter((event) => event.type !== 'artifact.stored')
    for (const { domain, hash } of recorded.flatMap(contentsOfEvent)) count(domain, hash)
  }

  const stored = new Set(chunks.map(({ domain, hash }) => JSON.stringify([domain, hash])))
  for (const row of contents) {
    const { chunkKeys: _, ...content } = row
    const { domain, hash, references } = row
    const key = JSON.stringify([domain, hash])
    const named = names.get(key) ?? 0
    names.delete(key)
    // Rows that are lost may have named it.
    const isRight = lossy.size > 0 ? references >= named : references === named
    if (!isRight) {
      yield { law: 'LA4', message: `Content ${hash} counts ${references} names and has ${named}.` }
    }
    const missing = row.chunks.find((chunk) => !stored.has(JSON.stringify([domain, chunk.hash])))
    if (missing !== undefined) {
      yield { law: 'LA5', message: `Chunk ${missing.hash} of content ${hash} is not there.` }
    }
    if (!sameValue(row, toStored('contents', content))) {
      yield { law: 'LA5', message: `Content ${hash} is not found by all of its chunks.` }
    }
  }
  for (const key of names.keys()) yield { law: 'LA4', message: `Content ${key} is named and not there.` }
}
