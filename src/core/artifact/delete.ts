import type { Decision, HeadReader } from '../commit.ts'
import { sessionStream } from '../ids.ts'
import type { Request } from '../request.ts'
import { parseDurability } from '../session/fields.ts'
import { sessionHeadKey } from '../session/head.ts'
import { commitAs, hookEvents, performOnce } from '../session/lifecycle.ts'
import { makeEvent } from '../timeline/make-event.ts'
import type { ArtifactDeps } from './deps.ts'
import type { DeleteArtifact } from './input.ts'
import { nameHeadKey, observeName } from './name-head.ts'
import { artifactNotFound, observeSession, openOperation, requireArtifact } from './operation.ts'
import { PLAIN_DOMAIN, releaseContent } from './references.ts'

/**
 * Deletes one version of an artifact. The others of its name stay, and its number is not given again. Its bytes go as
 * soon as nothing else names them.
 *
 * @throws ARTIFACT_NOT_FOUND, also the second time; SESSION_NOT_ACTIVE in an archived session; what before-hooks throw.
 */
export function createDeleteArtifact(deps: ArtifactDeps) {
  const { journal, tables, hooks, clock } = deps
  return (request: Request, which: DeleteArtifact): Promise<null> =>
    performOnce(
      deps,
      request,
      async () => null,
      () => remove(request, which),
      which.id,
    )

  async function remove(request: Request, which: DeleteArtifact): Promise<null> {
    const durability = parseDurability(which.durability, 'strict')
    const artifact = await requireArtifact(tables, which)
    const { id, sessionId, name, version, sizeBytes, contentId } = artifact
    const { frame, scope } = await openOperation(deps, request, sessionId, 'artifact.delete')
    const gated = await hooks.before('artifact:delete', { artifact }, scope)
    const { chunks = [] } = (await tables.content(PLAIN_DOMAIN, contentId)) ?? {}

    const needed = [sessionHeadKey(sessionId), nameHeadKey(sessionId, name)]
    const decide = (heads: HeadReader): Decision<null> => {
      observeSession(clock, heads, sessionId, 'artifact.delete')
      observeName(clock, heads, sessionId, name)
      const deleted = makeEvent(clock.nextId(), 'artifact.deleted', { id, name, version, sizeBytes }, frame)
      const hookRan = hookEvents(clock, 'artifact:delete', gated.runs, frame, deleted.id)
      return {
        result: null,
        resultId: id,
        writes: [{ stream: sessionStream(sessionId), events: [deleted, ...hookRan], index: true }],
        rows: [
          {
            table: 'artifacts',
            key: id,
            change(row) {
              // Of two deletions at once the second finds nothing, and takes no reference away.
              if (row === undefined) throw artifactNotFound(id)
              return undefined
            },
          },
          ...releaseContent({ domain: PLAIN_DOMAIN, hash: contentId, chunks }, ['intake', deleted.id]),
        ],
      }
    }
    const outcome = await commitAs(durability, deps, request, needed, decide, { makesRoom: true })
    if (outcome.repeated) return null
    // It is deleted whether its bytes go now or with a later sweep.
    await journal.sweep([]).catch(() => 0)
    hooks.after('artifact:delete', { artifact }, scope)
    return null
  }
}
