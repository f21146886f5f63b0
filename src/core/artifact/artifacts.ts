import type { Collected } from '../hook/definition.ts'
import type { HookScope } from '../hook/operation-hooks.ts'
import type { SessionId } from '../ids.ts'
import { late } from '../late.ts'
import type { Entropy } from '../ports.ts'
import type { Request } from '../request.ts'
import type { Recorded } from '../run/recorded.ts'
import type { StateValue } from '../state/value.ts'
import { abandonArtifacts } from './abandon.ts'
import { type AsideStore, prepareAside, readAside } from './aside-content.ts'
import type { PreparedCollection } from './collect.ts'
import type { ContentReader } from './content-reader.ts'
import { createIntake } from './create-intake.ts'
import type { ArtifactDeps } from './deps.ts'
import type { ArtifactRef, DeleteArtifact, EditArtifact, ReadArtifact, StoreArtifact } from './input.ts'
import { contents } from './late-contents.ts'
import type { ArtifactPage, ArtifactQuery } from './query.ts'
import type { ArtifactRecord } from './record.ts'
import { type PreparedValue, prepareValue, readValue } from './recorded-value.ts'
import type { createUseCases } from './use-cases.ts'

/** The use cases of artifacts. Every answer comes from the database. */
export interface Artifacts extends AsideStore {
  store(request: Request, input: StoreArtifact): Promise<ArtifactRecord>
  /** null where there is none. */
  get(request: Request, ref: ArtifactRef): Promise<ArtifactRecord | null>
  /** Newest first. */
  versions(
    request: Request,
    input: { readonly sessionId: SessionId; readonly name: string },
  ): Promise<readonly ArtifactRecord[]>
  list(request: Request, query: ArtifactQuery): Promise<ArtifactPage>
  /** At most 8 MiB of a range. */
  read(request: Request, input: ReadArtifact): Promise<Uint8Array>
  /** A range of any length, in the memory of two chunks. */
  stream(request: Request, input: ReadArtifact): AsyncGenerator<Uint8Array>
  edit(request: Request, input: EditArtifact): Promise<ArtifactRecord>
  delete(request: Request, input: DeleteArtifact): Promise<null>

  /** Before a decision: takes in what collectors asked for. `headsOfArtifacts` and `decideArtifacts` add it to the decision. */
  collect(collected: readonly Collected[], scope: HookScope): Promise<PreparedCollection>
  /** Before a decision: a value as its event records it. `rowsOfValue` adds it to the decision. */
  prepareValue(value: StateValue, signal?: AbortSignal): PreparedValue | Promise<PreparedValue>
  /** A recorded value. */
  readValue(recorded: Recorded): StateValue | Promise<StateValue>
}

const useCases = late('artifacts', () => import('./use-cases.ts'), [contents])

export function createArtifacts(deps: ArtifactDeps & { readonly entropy: Entropy }): Artifacts {
  const intake = createIntake(deps)
  let read: ContentReader | undefined
  const reader = async () => {
    const { createContentReader } = await contents()
    read ??= createContentReader(deps)
    return read
  }
  let made: ReturnType<typeof createUseCases> | undefined
  const cases = async ({ signal }: Request) => {
    const module = await useCases(signal)
    made ??= module.createUseCases({ ...deps, intake })
    return made
  }
  return {
    store: async (request, input) => (await cases(request)).store(request, input),
    get: async (request, ref) => (await cases(request)).get(request, ref),
    versions: async (request, input) => (await cases(request)).versions(request, input),
    list: async (request, query) => (await cases(request)).list(request, query),
    read: async (request, input) => (await cases(request)).read(request, input),
    async *stream(request, input) {
      yield* (await cases(request)).stream(request, input)
    },
    edit: async (request, input) => (await cases(request)).edit(request, input),
    delete: async (request, input) => (await cases(request)).delete(request, input),
    collect: async (collected, scope) => (await cases(scope.request)).collect(collected, scope),
    prepareValue: (value, signal) => prepareValue(intake, value, signal),
    abandon: (prepared) => abandonArtifacts(intake, prepared),
    prepareAside: (stream, asideClass, value, signal) =>
      prepareAside({ intake, entropy: deps.entropy }, stream, asideClass, value, signal),
    readAside: async (aside) => readAside(await reader(), aside),
    readValue: (recorded) => readValue(reader, recorded),
  }
}
