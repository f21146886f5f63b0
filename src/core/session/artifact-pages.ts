import type { ArtifactRecord } from '../artifact/record.ts'
import type { SessionId } from '../ids.ts'
import type { Tables } from '../ports.ts'

/** As many as a list gives at once. */
const ARTIFACTS_A_PAGE = 1_000

/** All artifacts of a session, all versions, a page at a time. */
export async function* artifactPages(
  tables: Pick<Tables, 'artifacts'>,
  sessionId: SessionId,
): AsyncGenerator<readonly ArtifactRecord[]> {
  let cursor: string | undefined
  do {
    const page = await tables.artifacts({
      sessionId,
      limit: ARTIFACTS_A_PAGE,
      sortBy: 'createdAt',
      order: 'asc',
      ...(cursor === undefined ? {} : { cursor }),
    })
    yield page.items
    cursor = page.cursor
  } while (cursor !== undefined)
}
