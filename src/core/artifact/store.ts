import { createError, isHoldfastError } from '../errors.ts'
import type { ArtifactDraft } from '../hook/definition.ts'
import { type ArtifactId, sessionStream } from '../ids.ts'
import type { Request } from '../request.ts'
import { parseDurability } from '../session/fields.ts'
import { sessionHeadKey } from '../session/head.ts'
import { commitAs, hookEvents, performOnce } from '../session/lifecycle.ts'
import type { ByteSource } from './byte-source.ts'
import { decideArtifact, headsOfArtifacts, type PreparedArtifact } from './decide.ts'
import type { ArtifactDeps } from './deps.ts'
import { assertFields, isMime, parseDraft } from './fields.ts'
import { type GatedDraft, gateDraft } from './gate.ts'
import type { StoreArtifact } from './input.ts'
import type { Intake, PreparedContent } from './intake.ts'
import { detectMime, MIME_HEAD_BYTES } from './mime.ts'
import { parseArtifactName } from './names.ts'
import { openSource } from './open-source.ts'
import { type ArtifactOperation, observeSession, openOperation, requireArtifact } from './operation.ts'
import type { ArtifactRecord } from './record.ts'

const FIELDS = [
  'sessionId',
  'name',
  'kind',
  'mime',
  'description',
  'tags',
  'metadata',
  'author',
  'parentId',
  'content',
  'sizeBytes',
  'durability',
] as const satisfies readonly (keyof StoreArtifact)[]

/** What was asked for, once it is known how it is to be stored. */
type Checked = StoreArtifact & Required<Pick<StoreArtifact, 'durability'>>

/** How often content is taken in anew when chunks it shared with others went away before its commit. */
const MAX_INTAKES = 2

/**
 * Stores an artifact: the next version of its name, in one commit with its event, strictly unless told otherwise.
 *
 * @throws INVALID_NAME, INVALID_ARGUMENT, INVALID_VALUE, VALUE_TOO_LARGE for the input; SESSION_NOT_FOUND,
 * SESSION_NOT_ACTIVE, ARTIFACT_NOT_FOUND for a parent that is not there; what before-hooks throw; CONFLICT when a
 * stream's chunks went away before the commit; what the journal throws. No artifact and no chunk is left behind.
 */
export function createStoreArtifact(deps: ArtifactDeps & { readonly intake: Intake }) {
  const { tables, hooks, clock, intake } = deps

  return async (request: Request, input: StoreArtifact): Promise<ArtifactRecord> => {
    const source = openSource(input.content, request.signal)
    try {
      return await performOnce(deps, request, present, () => storeNew(source, request, input))
    } finally {
      // What was read to its end is not touched by this.
      source.cancel('not wanted any more')
    }
  }

  async function storeNew(
    source: ByteSource,
    request: Request,
    input: StoreArtifact,
  ): Promise<ArtifactRecord> {
    assertFields(input, FIELDS, 'artifacts.store')
    const durability = parseDurability(input.durability, 'strict')
    const operation = await openOperation(deps, request, input.sessionId, 'artifact.store')
    intake.assertSize(source.sizeBytes ?? input.sizeBytes ?? 0)
    if (input.parentId !== undefined) await requireArtifact(tables, { id: input.parentId })
    return storeFrom(source, await draftOf(input, source), { ...input, durability }, operation)
  }

  /** Hooks are told the exact size, so a stream is read before they are asked; it is no artifact until the commit. */
  async function storeFrom(
    source: ByteSource,
    draft: ArtifactDraft,
    input: Checked,
    operation: ArtifactOperation,
  ): Promise<ArtifactRecord> {
    const { scope } = operation
    if (source.sizeBytes !== undefined) {
      const gated = await gateDraft(hooks, draft, source.sizeBytes, scope)
      return commitAgain(source, gated, input, operation)
    }
    const content = await intake.take(source, { mime: draft.mime })
    try {
      return await commit(await gateDraft(hooks, draft, content.sizeBytes, scope), content, input, operation)
    } catch (error) {
      await intake.abandon(content)
      throw isChunkMissing(error) ? chunksWentAway(error) : error
    }
  }

  async function commitAgain(
    source: ByteSource,
    gated: GatedDraft,
    input: Checked,
    operation: ArtifactOperation,
  ): Promise<ArtifactRecord> {
    for (let intakes = 1; ; intakes++) {
      const content = await intake.take(source, { mime: gated.draft.mime })
      try {
        return await commit(gated, content, input, operation)
      } catch (error) {
        await intake.abandon(content)
        if (!isChunkMissing(error)) throw error
        if (intakes === MAX_INTAKES) throw chunksWentAway(error)
      }
    }
  }

  async function commit(
    { draft, runs }: GatedDraft,
    content: PreparedContent,
    { author, parentId, durability }: Checked,
    { sessionId, frame, scope }: ArtifactOperation,
  ): Promise<ArtifactRecord> {
    const prepared: PreparedArtifact = {
      draft,
      content,
      ...(author === undefined ? {} : { author }),
      ...(parentId === undefined ? {} : { parentId }),
    }
    const needed = [sessionHeadKey(sessionId), ...headsOfArtifacts(sessionId, [prepared])]
    const outcome = await commitAs(durability, deps, scope.request, needed, (heads) => {
      observeSession(clock, heads, sessionId, 'artifact.store')
      const { record, event, head, rows } = decideArtifact(prepared, {
        session: sessionId,
        heads,
        clock,
        frame,
      })
      const hookRan = hookEvents(clock, 'artifact:store', runs, frame, event.id)
      return {
        result: record,
        resultId: record.id,
        writes: [{ stream: sessionStream(sessionId), events: [event, ...hookRan], index: true }],
        heads: [head],
        rows,
      }
    })
    if (outcome.repeated) {
      await intake.abandon(content)
      return present(outcome.resultId)
    }
    hooks.after('artifact:store', { draft, sizeBytes: content.sizeBytes, artifact: outcome.result }, scope)
    return outcome.result
  }

  /** What a repeated request gets: the artifact as it is now. */
  function present(id: string): Promise<ArtifactRecord> {
    return requireArtifact(tables, { id: id as ArtifactId })
  }
}

async function draftOf(input: StoreArtifact, source: ByteSource): Promise<ArtifactDraft> {
  const name = parseArtifactName(input.name)
  return parseDraft({
    name,
    kind: input.kind ?? 'user_input',
    mime: input.mime ?? (await mimeOf(name, source)),
    description: input.description ?? '',
    tags: input.tags ?? [],
    metadata: input.metadata ?? {},
  })
}

async function mimeOf(name: string, source: ByteSource): Promise<string> {
  if (source.mime !== undefined && isMime(source.mime)) return source.mime
  return detectMime(name, await source.head(MIME_HEAD_BYTES))
}

/** In a commit that stores, the only damage is a chunk that was there and is not any more. */
function isChunkMissing(error: unknown): boolean {
  return isHoldfastError(error) && error.code === 'CONTENT_DAMAGED'
}

function chunksWentAway(cause: unknown) {
  return createError(
    'CONFLICT',
    'Chunks that this content shares with another were removed while it was being stored; send the call again.',
    {},
    cause,
  )
}
