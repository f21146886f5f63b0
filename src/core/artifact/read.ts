import { isHoldfastError } from '../errors.ts'
import type { Request } from '../request.ts'
import { createContentReader, type NamedContent } from './content-reader.ts'
import type { ArtifactDeps } from './deps.ts'
import type { ReadArtifact } from './input.ts'
import { artifactNotFound, openOperation, requireArtifact } from './operation.ts'
import { type ByteRange, rangeWithin } from './range.ts'
import type { ArtifactRecord } from './record.ts'
import { PLAIN_DOMAIN } from './references.ts'

/** The most that one answer holds; the page asks again for the rest. */
export const MAX_READ_BYTES = 8_388_608

/**
 * Reads a half-open range of an artifact's bytes, at most 8 MiB of it: a longer range is answered with its beginning.
 *
 * @throws ARTIFACT_NOT_FOUND; INVALID_ARGUMENT for the range; CONTENT_DAMAGED; what before-hooks throw.
 */
export function createReadArtifact(deps: ArtifactDeps) {
  const open = createOpenArtifact(deps)
  const reader = createContentReader(deps)
  return async (request: Request, input: ReadArtifact): Promise<Uint8Array> => {
    const { artifact, start, end, finished } = await open(request, input)
    const range = { start, end: Math.min(end, start + MAX_READ_BYTES) }
    try {
      const bytes = await reader.whole(contentOf(artifact), range)
      finished()
      return bytes
    } catch (error) {
      throw await goneOr(error, deps, artifact)
    }
  }
}

/** Reads a half-open range of any length, piece by piece, in the memory of two chunks. Throws as {@link createReadArtifact} does. */
export function createStreamArtifact(deps: ArtifactDeps) {
  const open = createOpenArtifact(deps)
  const reader = createContentReader(deps)
  return async function* (request: Request, input: ReadArtifact): AsyncGenerator<Uint8Array> {
    const { artifact, start, end, finished } = await open(request, input)
    try {
      yield* reader.pieces(contentOf(artifact), { start, end })
    } catch (error) {
      throw await goneOr(error, deps, artifact)
    }
    finished()
  }
}

/** Bytes that are missing because their artifact was deleted meanwhile, perhaps in another tab, are not damaged. */
async function goneOr(
  error: unknown,
  { tables }: Pick<ArtifactDeps, 'tables'>,
  { id }: ArtifactRecord,
): Promise<unknown> {
  if (!isHoldfastError(error) || error.code !== 'CONTENT_DAMAGED') return error
  return (await tables.artifact(id)) === undefined ? artifactNotFound(id) : error
}

interface OpenArtifact extends ByteRange {
  readonly artifact: ArtifactRecord
  /** Tells the after-hooks that it was read. */
  finished(): void
}

/** Finds the artifact, says what range is meant, and asks the hooks. */
function createOpenArtifact(deps: ArtifactDeps) {
  const { tables, hooks } = deps
  return async (request: Request, input: ReadArtifact): Promise<OpenArtifact> => {
    const artifact = await requireArtifact(tables, input)
    const range = rangeWithin(artifact.sizeBytes, input.start, input.end)
    if (!hooks.has('artifact:read')) return { artifact, ...range, finished: () => {} }

    const { scope } = await openOperation(deps, request, artifact.sessionId, 'read')
    await hooks.before('artifact:read', { artifact }, scope)
    return { artifact, ...range, finished: () => hooks.after('artifact:read', { artifact }, scope) }
  }
}

function contentOf({ id, contentId, sizeBytes }: ArtifactRecord): NamedContent {
  return { domain: PLAIN_DOMAIN, hash: contentId, sizeBytes, artifactId: id }
}
