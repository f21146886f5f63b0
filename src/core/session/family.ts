import { createError, type HoldfastError } from '../errors.ts'
import type { SessionId } from '../ids.ts'
import type { Tables } from '../ports.ts'
import { parseHead, sessionHeadKey, sessionNotFound } from './head.ts'
import type { ChildPolicy } from './input.ts'
import type { SessionRecord } from './record.ts'

/** What a delete takes with it. */
export interface Family {
  /** The session itself first, then those that go with it. */
  readonly doomed: readonly Member[]
  /** Those that lose their parent. */
  readonly orphans: readonly SessionId[]
}

/** A session, and how many children it had had when they were read. */
export interface Member {
  readonly record: SessionRecord
  readonly offspring: number
}

/**
 * Reads who goes with a session, and who stays without a parent.
 *
 * @throws SESSION_NOT_FOUND; SESSION_HAS_CHILDREN with `{ children }`.
 */
export async function readFamily(
  tables: Pick<Tables, 'head' | 'session' | 'children'>,
  id: SessionId,
  policy: ChildPolicy,
): Promise<Family> {
  const doomed: Member[] = []
  const orphans: SessionId[] = []
  const waiting = [id]
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    // The count comes first: a child that is added while its siblings are read makes it differ at the commit.
    const head = parseHead(await tables.head(sessionHeadKey(next)))
    const record = await tables.session(next)
    if (head === undefined || record === undefined) {
      if (next === id) throw sessionNotFound(id)
      continue
    }
    doomed.push({ record, offspring: head.offspring })
    const children = await tables.children(next)
    if (policy === 'cascade') waiting.push(...children)
    else if (policy === 'orphan') orphans.push(...children)
    else if (children.length > 0) throw hasChildren(id, children)
  }
  return { doomed, orphans }
}

function hasChildren(id: SessionId, children: readonly SessionId[]): HoldfastError {
  return createError(
    'SESSION_HAS_CHILDREN',
    `Session ${id} has ${children.length} children; delete it with children: 'orphan' or 'cascade'.`,
    { id, children },
  )
}
