/** Changes of state whose values stand aside: as they are written, and made anew by a restore or a fork. */
import type { AsideStore, PreparedAside } from '../artifact/aside-content.ts'
import { nameContentAgain } from '../artifact/references.ts'
import type { RowChange } from '../commit.ts'
import type { StreamId } from '../ids.ts'
import type { Tables } from '../ports.ts'
import type { WriteChange } from '../state/write-change.ts'
import type { StateChange } from '../timeline/catalog.ts'

export interface SetAside {
  readonly changes: readonly StateChange[]
  readonly prepared: readonly PreparedAside[]
}

/** Takes in the values that are to stand aside. What does not come to a commit then has to be abandoned. */
export async function setAside(
  artifacts: AsideStore,
  stream: StreamId,
  asked: readonly WriteChange[],
  signal?: AbortSignal,
): Promise<SetAside> {
  const changes: StateChange[] = []
  const prepared: PreparedAside[] = []
  try {
    for (const { class: asideClass, value, ...key } of asked) {
      if (asideClass === undefined || asideClass === 'standard' || value === undefined) {
        changes.push(value === undefined ? key : { ...key, value })
        continue
      }
      const one = await artifacts.prepareAside(stream, asideClass, value, signal)
      prepared.push(one)
      changes.push({ ...key, aside: one.aside })
    }
  } catch (error) {
    await artifacts.abandon(prepared)
    throw error
  }
  return { changes, prepared }
}

/** Without those whose value is no longer there: one that was lost must not keep the rest from coming back. */
export async function readableChanges(
  tables: Pick<Tables, 'content'>,
  changes: readonly StateChange[],
): Promise<readonly StateChange[]> {
  const readable: StateChange[] = []
  for (const change of changes) {
    const { aside } = change
    const isThere = aside === undefined || (await tables.content(aside.domain, aside.content)) !== undefined
    if (isThere) readable.push(change)
  }
  return readable
}

/** What the commit of such changes has to change beside: each content is named once more. */
export function namesOf(changes: readonly StateChange[]): readonly RowChange[] {
  return changes.flatMap(({ aside }) =>
    aside === undefined ? [] : [nameContentAgain({ domain: aside.domain, hash: aside.content })],
  )
}
