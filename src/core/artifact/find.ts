import { createError } from '../errors.ts'
import type { ArtifactId, SessionId } from '../ids.ts'
import type { Tables } from '../ports.ts'
import { sessionNotFound } from '../session/head.ts'
import type { ArtifactRef } from './input.ts'
import { nameHeadKey, parseNameHead } from './name-head.ts'
import { parseArtifactName } from './names.ts'
import type { ArtifactRecord } from './record.ts'

interface FindDeps {
  readonly tables: Pick<Tables, 'artifact' | 'artifactVersions' | 'head' | 'session'>
}

/**
 * One version of an artifact, or null when there is none: by id, the newest one of a name, or a certain one.
 *
 * @throws SESSION_NOT_FOUND when it is looked for in a session that does not exist; INVALID_NAME, INVALID_ARGUMENT.
 */
export function createGetArtifact({ tables }: FindDeps) {
  return async (_request: unknown, ref: ArtifactRef): Promise<ArtifactRecord | null> => {
    if ('id' in ref) return byId(tables, ref)
    const name = parseArtifactName(ref.name)
    if (ref.version === undefined) return newestOf(tables, ref.sessionId, name)
    assertVersion(ref.version)
    const versions = await versionsOf(tables, ref.sessionId, name)
    return versions.find(({ version }) => version === ref.version) ?? null
  }
}

/**
 * All versions of a name that are there, newest first.
 *
 * @throws SESSION_NOT_FOUND, INVALID_NAME.
 */
export function createListVersions({ tables }: FindDeps) {
  return (_request: unknown, { sessionId, name }: { readonly sessionId: SessionId; readonly name: string }) =>
    versionsOf(tables, sessionId, parseArtifactName(name))
}

async function byId(
  tables: FindDeps['tables'],
  { id, sessionId }: { readonly id: ArtifactId; readonly sessionId?: SessionId },
): Promise<ArtifactRecord | null> {
  const artifact = await tables.artifact(id)
  if (artifact !== undefined && !isForeign(artifact, sessionId)) return artifact
  if (sessionId !== undefined) await assertSession(tables, sessionId)
  return null
}

/** A name may have thousands of versions; its head says which one is the newest, unless that was deleted. */
async function newestOf(
  tables: FindDeps['tables'],
  session: SessionId,
  name: string,
): Promise<ArtifactRecord | null> {
  const head = parseNameHead(await tables.head(nameHeadKey(session, name)))
  const newest = head && (await tables.artifact(head.id))
  if (newest !== undefined) return newest
  const [first = null] = await versionsOf(tables, session, name)
  return first
}

async function versionsOf(
  tables: FindDeps['tables'],
  sessionId: SessionId,
  name: string,
): Promise<readonly ArtifactRecord[]> {
  const versions = await tables.artifactVersions(sessionId, name)
  if (versions.length === 0) await assertSession(tables, sessionId)
  return versions
}

/** Only where nothing was found is it worth asking whether the session is there at all. */
async function assertSession(tables: FindDeps['tables'], sessionId: SessionId): Promise<void> {
  if ((await tables.session(sessionId)) === undefined) throw sessionNotFound(sessionId)
}

function assertVersion(version: number): void {
  if (Number.isSafeInteger(version) && version > 0) return
  throw createError('INVALID_ARGUMENT', `A version is a whole number from 1; this is ${version}.`, {
    path: 'version',
  })
}

function isForeign(artifact: ArtifactRecord, sessionId: SessionId | undefined): boolean {
  return sessionId !== undefined && artifact.sessionId !== sessionId
}
