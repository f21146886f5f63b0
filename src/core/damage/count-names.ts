import { contentsOfEvent, type NamedContent } from '../artifact/references.ts'
import type { CommitRow } from '../commit.ts'

/** How often each content is named, by {@link nameOfContent}. */
export type NameCounts = Map<string, number>

export function nameOfContent({ domain, hash }: NamedContent): string {
  return JSON.stringify([domain, hash])
}

/** Adds what rows of the log name. What `artifact.stored` names is counted by the artifact's own row. */
export function countNames(counts: NameCounts, rows: readonly CommitRow[]): void {
  const events = rows.flatMap((row) => row.events).filter(({ type }) => type !== 'artifact.stored')
  for (const content of events.flatMap(contentsOfEvent)) {
    const name = nameOfContent(content)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
}
