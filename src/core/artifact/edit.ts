import { type ArtifactId, type EventId, sessionStream } from '../ids.ts'
import type { Request } from '../request.ts'
import { shapeValue } from '../run/shape-value.ts'
import { parseDurability } from '../session/fields.ts'
import { sessionHeadKey } from '../session/head.ts'
import { commitAs, performOnce } from '../session/lifecycle.ts'
import { makeEvent } from '../timeline/make-event.ts'
import type { ArtifactDeps } from './deps.ts'
import { parseChanges } from './fields.ts'
import type { ArtifactChanges, EditArtifact } from './input.ts'
import { nameHeadKey, observeName } from './name-head.ts'
import { artifactNotFound, observeSession, openOperation, requireArtifact } from './operation.ts'
import type { ArtifactRecord } from './record.ts'

/**
 * Changes an artifact's description, tags or metadata; each that is given replaces the one before. Its bytes, name
 * and version never change.
 *
 * @throws ARTIFACT_NOT_FOUND; SESSION_NOT_ACTIVE in an archived session; INVALID_ARGUMENT, INVALID_VALUE,
 * VALUE_TOO_LARGE for the changes.
 */
export function createEditArtifact(deps: ArtifactDeps) {
  const { tables, clock } = deps
  return (request: Request, { changes, ...which }: EditArtifact): Promise<ArtifactRecord> => {
    const present = (id: string) => requireArtifact(tables, { id: id as ArtifactId })
    return performOnce(deps, request, present, () => edit(request, which, parseChanges(changes)))
  }

  async function edit(
    request: Request,
    which: Omit<EditArtifact, 'changes'>,
    given: ArtifactChanges,
  ): Promise<ArtifactRecord> {
    const durability = parseDurability(which.durability, 'strict')
    // What is stored is the answer: read back, the artifact may be gone by another tab, which would look like a refusal.
    let stored = await requireArtifact(tables, which)
    const { id, sessionId, name } = stored
    const { frame, scope } = await openOperation(deps, request, sessionId, 'artifact.tag')
    const changes = parseChanges(
      (await shapeValue(deps.hooks, 'artifact.edited', { ...given }, scope)) as ArtifactChanges,
    )
    const nameKey = nameHeadKey(sessionId, name)
    await commitAs(durability, deps, request, [sessionHeadKey(sessionId), nameKey], (heads) => {
      observeSession(clock, heads, sessionId, 'artifact.tag')
      const head = observeName(clock, heads, sessionId, name)
      const edited = makeEvent(clock.nextId<EventId>(), 'artifact.edited', { id, ...changes }, frame)
      return {
        result: undefined,
        resultId: id,
        writes: [{ stream: sessionStream(sessionId), events: [edited], index: true }],
        ...(head === undefined ? {} : { heads: [{ key: nameKey, value: { ...head, revision: edited.id } }] }),
        rows: [
          {
            table: 'artifacts',
            key: id,
            change(row) {
              if (row === undefined) throw artifactNotFound(id)
              stored = { ...row, ...changes }
              return stored
            },
          },
        ],
      }
    })
    return stored
  }
}
