/** A tab: a page with the client in it, and the workers that it spawns, each an agent of its own. */

import { createHash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Endpoint } from 'comlink'
import { giveFinalizersBack } from './finalizers.ts'
// Loaded by name, so that the import in openHoldfast finds it there: loading takes the host's time.
import '../../src/client/holdfast.ts'
import type { Holdfast } from '../../src/client/holdfast.ts'
import { openHoldfast } from '../../src/client/open-holdfast.ts'
import { defaultHooks } from '../../src/core/hook/default-hooks.ts'
import { loadAllLate } from '../../src/core/late.ts'
import { definitionsOf } from '../../src/engine/definitions.ts'
import { createEngineHost } from '../../src/engine/host.ts'
import { createWorld } from '../../src/engine/world.ts'
import { openGate } from '../../worker/gate.ts'
import { portPair } from './messages.ts'
import type { Agent, Scheduler } from './scheduler.ts'

// Loading takes the host's time, which no clock of a test knows of.
await loadAllLate()

giveFinalizersBack()

export const DATABASE = 'simulation'

/** Small, so that artifacts have several chunks. */
const CHUNK_BYTES = 64

/** How long a worker's script takes to load, in milliseconds. */
const SPAWN_MS = 5

export interface TabDeps {
  readonly scheduler: Scheduler
  /** Ends an agent at once: nothing of it is in memory any more. */
  readonly end: (agent: Agent) => void
  /** Failures in a worker that no call waits for. */
  readonly onError: (error: unknown) => void
}

export class Tab {
  readonly page: Agent
  /** The worker that lives now. */
  worker: Agent | undefined
  holdfast: Holdfast | undefined
  readonly #deps: TabDeps
  #workers = 0

  constructor(name: string, deps: TabDeps) {
    this.#deps = deps
    this.page = { name, alive: true, frozen: false }
  }

  get agents(): readonly Agent[] {
    return this.worker === undefined ? [this.page] : [this.page, this.worker]
  }

  /** In the page's turn. */
  async open(): Promise<Holdfast> {
    this.holdfast = await openHoldfast({ name: DATABASE, worker: () => this.#spawn() })
    return this.holdfast
  }

  #spawn(): Worker {
    const { scheduler, end, onError } = this.#deps
    this.#workers += 1
    const agent: Agent = { name: `${this.page.name}/${this.#workers}`, alive: true, frozen: this.page.frozen }
    this.worker = agent
    const [outside, inside] = portPair(scheduler)
    inside.owner = agent
    const start = () => {
      inside.start()
      openGate(createHost(onError), inside as unknown as Endpoint)
    }
    scheduler.task(agent, scheduler.latency(SPAWN_MS), 'script', start)
    outside.start()
    return Object.assign(outside, { terminate: () => end(agent) }) as unknown as Worker
  }
}

/** The packaged worker's host, with what takes other threads done in this one. */
function createHost(onError: (error: unknown) => void) {
  const builtIn = defaultHooks()
  return createEngineHost({
    world: createWorld({
      ballastBytes: 1_024,
      minTurnRows: 3,
      digest: { sha256: async (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()) },
      compression: {
        deflate: async (bytes) => new Uint8Array(deflateRawSync(bytes)),
        inflate: async (bytes, maxBytes) =>
          new Uint8Array(inflateRawSync(bytes, { maxOutputLength: maxBytes })),
      },
    }),
    definitions: definitionsOf(undefined),
    hooks: builtIn.hooks,
    executor: {
      onIncident: builtIn.onIncident,
      ...(builtIn.redactor === undefined ? {} : { redact: builtIn.redactor.redact }),
    },
    ...(builtIn.metrics === undefined ? {} : { metrics: builtIn.metrics }),
    onError,
    chunkBytes: CHUNK_BYTES,
  })
}
