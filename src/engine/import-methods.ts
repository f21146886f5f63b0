import { openSource } from '../core/artifact/open-source.ts'
import type { SessionDeps } from '../core/session/deps.ts'
import { createImporter } from '../core/transcript/import.ts'
import type { Methods } from './methods.ts'
import type { Parts } from './parts.ts'
import { assertRoom, bytesOf } from './room.ts'

/** How much of a transcript is read at a time. */
const PIECE_BYTES = 65_536

/** Transcripts of other tools, driven through the same steps and hooks as live work. */
export function createImportMethods(
  sessions: SessionDeps,
  { world, artifacts, intake }: Parts,
): Pick<Methods, 'sessions.import'> {
  const importTranscript = createImporter({
    ...sessions,
    intake,
    digest: world.digest,
    locks: world.locks,
    readValue: artifacts.readValue,
  })
  return {
    'sessions.import': async (request, { source, ...input }, { progress }) => {
      if (!request.mayRepeat) await assertRoom(world.meter, bytesOf(source))
      const bytes = openSource(source, request.signal)
      return importTranscript(
        request,
        { ...input, source: bytes.chunks(PIECE_BYTES) },
        progress === undefined ? {} : { onProgress: (loaded) => progress(loaded, bytes.sizeBytes ?? null) },
      )
    },
  }
}
