import type { Artifacts } from '../../../src/core/artifact/artifacts.ts'
import { createArtifacts } from '../../../src/core/artifact/artifacts.ts'
import type { ArtifactRecord } from '../../../src/core/artifact/record.ts'
import type { DefaultHooks } from '../../../src/core/hook/built-in.ts'
import { defaultHooks } from '../../../src/core/hook/default-hooks.ts'
import type { SessionId } from '../../../src/core/ids.ts'
import type { Journal } from '../../../src/core/ports.ts'
import type { Request } from '../../../src/core/request.ts'
import { createImporter, type ImportOptions, type ImportReport } from '../../../src/core/transcript/import.ts'
import type { ImportInput } from '../../../src/core/transcript/input.ts'
import { createCompression } from '../../../src/platform/compression.ts'
import { seededEntropy } from '../../../src/testing/seeded-entropy.ts'
import type { House, Worker } from '../run/rig.ts'
import { openWorker } from '../run/rig.ts'
import { chunksOf } from './bytes.ts'

/** A worker with the hooks that every engine starts with, and what imports need beside. */
export interface ImportWorker extends Worker {
  readonly defaults: DefaultHooks
  readonly artifacts: Artifacts
  import(
    input: Partial<Omit<ImportInput, 'source'>> & { readonly text: string | Uint8Array },
    options?: ImportOptions & { request?: Request },
  ): Promise<ImportReport>
  artifactsOf(session: SessionId): Promise<readonly ArtifactRecord[]>
  textOf(artifact: ArtifactRecord): Promise<string>
}

export async function openImportWorker(
  house?: House,
  journalOf?: (journal: Journal) => Journal,
): Promise<ImportWorker> {
  const worker = await openWorker(house, journalOf)
  const defaults = defaultHooks()
  for (const hook of defaults.hooks) worker.register(hook)
  const artifacts = createArtifacts({
    ...worker,
    wall: worker.house.wall,
    compression: createCompression(),
    entropy: seededEntropy(1),
  })
  const run = createImporter({ ...worker, artifacts, templates: () => undefined })
  return {
    ...worker,
    defaults,
    artifacts,
    import: ({ text, ...input }, { request, ...options } = {}) =>
      run(
        request ?? worker.request(),
        { format: 'pi-session', ...input, source: chunksOf(text, 10_000) },
        options,
      ),
    async artifactsOf(sessionId) {
      const found: ArtifactRecord[] = []
      let cursor: string | undefined
      do {
        const page = await worker.tables.artifacts({
          sessionId,
          limit: 1_000,
          sortBy: 'createdAt',
          order: 'asc',
          ...(cursor === undefined ? {} : { cursor }),
        })
        found.push(...page.items)
        cursor = page.cursor
      } while (cursor !== undefined)
      return found
    },
    async textOf({ id }) {
      const pieces: Uint8Array[] = []
      for await (const piece of artifacts.stream(worker.request(), { id })) pieces.push(piece.slice())
      return new TextDecoder().decode(Buffer.concat(pieces))
    },
  }
}
