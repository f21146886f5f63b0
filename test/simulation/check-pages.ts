/** Whether what pages show is what is stored, and the same on all of them. */
import type { Session } from '../../src/client/session-handle.ts'
import type { DatabaseContent } from '../../src/testing/database-content.ts'
import { sameValue } from '../../src/testing/same-value.ts'
import type { App } from './app.ts'

/** @param fresh a tab that was opened after everything else */
export async function checkPages(content: DatabaseContent, fresh: App): Promise<readonly string[]> {
  return [...(await checkList(content, fresh)), ...(await checkTimelines(content, fresh.sessions))]
}

async function checkList({ rowsByStream }: DatabaseContent, { tab }: App): Promise<readonly string[]> {
  const listed = new Set<string>()
  let cursor: string | undefined
  do {
    const page = await tab.holdfast?.sessions.list({ limit: 7, ...(cursor && { cursor }) })
    for (const { id } of page?.items ?? []) listed.add(id)
    cursor = page?.cursor
  } while (cursor !== undefined)
  const there = [...rowsByStream.keys()].filter((stream) => !stream.startsWith('/'))
  return [
    ...there.filter((id) => !listed.has(id)).map((id) => `Session ${id} is stored, but not listed.`),
    ...[...listed]
      .filter((id) => !there.some((stream) => stream === id))
      .map((id) => `Session ${id} is listed, but not stored.`),
  ]
}

/** What each tab shows of a session beside what the fresh one does. */
export function checkMirrors({ sessions }: App, apps: readonly App[]): readonly string[] {
  const problems: string[] = []
  for (const { tab, sessions: handles } of apps) {
    for (const [id, handle] of handles) {
      const fresh = sessions.get(id)
      if (fresh === undefined) continue
      const [shown, stored] = [[...handle.state.entries()], [...fresh.state.entries()]]
      if (!sameValue(shown, stored)) {
        problems.push(
          `${tab.page.name} shows ${JSON.stringify(shown)} of ${id}, stored is ${JSON.stringify(stored)}.`,
        )
      }
      if (handle.info.status !== fresh.info.status) {
        problems.push(`${tab.page.name} shows ${id} as ${handle.info.status}, it is ${fresh.info.status}.`)
      }
      if (!sameValue(handle.info, fresh.info)) {
        problems.push(
          `${tab.page.name} shows the record ${JSON.stringify(handle.info)}, it is ${JSON.stringify(fresh.info)}.`,
        )
      }
    }
  }
  return problems
}

/** Every stored event is shown once. */
async function checkTimelines(
  { rowsByStream }: DatabaseContent,
  sessions: ReadonlyMap<string, Session>,
): Promise<readonly string[]> {
  const problems: string[] = []
  for (const [id, session] of sessions) {
    const stored = [...rowsByStream].find(([stream]) => stream === id)?.[1].flatMap((row) => row.events) ?? []
    const shown: string[] = []
    let cursor: string | undefined
    do {
      const page = await session.timeline.query({ limit: 50, ...(cursor && { cursor }) })
      shown.push(...page.items.map((event) => event.id))
      cursor = page.cursor
    } while (cursor !== undefined)
    const expected = stored.map((event) => event.id)
    if (!sameValue(shown.toSorted(), expected.toSorted())) {
      problems.push(`The timeline of ${id} shows ${shown.length} events, ${expected.length} are stored.`)
    }
  }
  return problems
}
