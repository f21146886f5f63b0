/** The packaged worker, but that it sums what its hooks and its writes take. */
import { defaultHooks } from '../../src/core/hook/default-hooks.ts'
import type { HookDefinition } from '../../src/core/hook/definition.ts'
import type { HookExecutor } from '../../src/core/hook/executor.ts'
import { definitionsOf } from '../../src/engine/definitions.ts'
import { createEngineHost } from '../../src/engine/host.ts'
import { createWorld } from '../../src/engine/world.ts'
import type { EngineHost } from '../../src/protocol/engine-host.ts'
import { openGate } from '../../worker/gate.ts'

const sums = { executorMs: 0, writesMs: 0, writes: 0 }

/** Sums the time between call and return; what a hook does later, by a promise, is not the executor's. */
function timed(hooks: HookExecutor): HookExecutor {
  const time = <T>(work: () => T): T => {
    const start = performance.now()
    try {
      return work()
    } finally {
      sums.executorMs += performance.now() - start
    }
  }
  return {
    ...hooks,
    has: (point, stage) => time(() => hooks.has(point, stage)),
    before: (point, payload, scope) => time(() => hooks.before(point, payload, scope)),
    record: (point, payload, scope) => time(() => hooks.record(point, payload, scope)),
    after: (point, payload, scope) => time(() => hooks.after(point, payload, scope)),
  }
}

/** Sums the time from each state write's message to its answer. */
function timedHost(host: EngineHost): EngineHost {
  return {
    async connect(hello, send) {
      const begun = new Map<number, number>()
      const client = await host.connect(hello, (message, transfer) => {
        if (message.type === 'settled') {
          for (const { id } of message.settled) {
            const start = begun.get(id)
            if (start === undefined) continue
            begun.delete(id)
            sums.writesMs += performance.now() - start
            sums.writes += 1
          }
        }
        send(message, transfer)
      })
      return {
        welcome: client.welcome,
        call: (call) => client.call(call),
        receive(message) {
          if (message.type === 'write') begun.set(message.id, performance.now())
          client.receive(message)
        },
        disconnect: () => client.disconnect(),
      }
    },
  }
}

const builtIn = defaultHooks()
/** By the worker's name; any other has those that every engine starts with. */
const HOOKS: Readonly<Record<string, readonly HookDefinition[]>> = {
  none: [],
  eight: Array.from({ length: 8 }, (_, at) => ({
    id: `hook-${at}`,
    version: 1,
    point: 'state:write',
    stage: 'before',
    run: () => undefined,
  })),
}
const host = createEngineHost({
  world: createWorld(),
  definitions: definitionsOf(undefined),
  hooks: HOOKS[self.name] ?? builtIn.hooks,
  executor: { onIncident: builtIn.onIncident, ...(builtIn.redactor && { redact: builtIn.redactor.redact }) },
  wrapHooks: timed,
  onError: (error) => console.error(error),
})

const channel = new BroadcastChannel('bench-timed')
channel.onmessage = () => channel.postMessage(sums)
openGate(timedHost(host))
