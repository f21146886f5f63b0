import type { HookDefinition } from '../../src/core/hook/definition.ts'
import type { SessionId } from '../../src/core/ids.ts'
import { loadAllLate } from '../../src/core/late.ts'
import { entriesOf } from '../../src/core/state/packed-entries.ts'
import type { StateValue } from '../../src/core/state/value.ts'
import type { Definitions } from '../../src/engine/definitions.ts'
import { type Engine, openEngine } from '../../src/engine/engine.ts'
import { createWorld, type World } from '../../src/engine/world.ts'
import { type Hello, PROTOCOL_VERSION } from '../../src/protocol/hello.ts'
import type { PageMessage, WorkerMessage } from '../../src/protocol/messages.ts'
import type { Input, MethodName } from '../../src/protocol/worker-api.ts'
import { type FakeClock, fakeClock } from '../../src/testing/fake-clock.ts'
import { unpacked } from './unpacked-answer.ts'

// Loading takes the host's time, which no clock of a test knows of.
await loadAllLate()

let pages = 0

/** An engine as one tab has it, and a page of it. */
export async function startEngine(
  name: string,
  world: Partial<World> = {},
  hooks: readonly HookDefinition[] = [],
  stateClasses: Definitions['stateClasses'] = {},
  page: Pick<Hello, 'tells'> = {},
) {
  const errors: unknown[] = []
  const engine: Engine = await openEngine(name, {
    world: createWorld(world),
    definitions: { steps: [], templates: {}, stateClasses },
    hooks,
    onError: (error) => errors.push(error),
  })
  pages += 1
  const sent: WorkerMessage[] = []
  const hello: Hello = { protocol: PROTOCOL_VERSION, name, client: `page-${pages}`, ...page }
  const client = await engine.connect(hello, (message) => sent.push(message))
  let calls = 0
  const call = async <Method extends MethodName>(method: Method, input: Input<Method>) => {
    calls += 1
    return unpacked(method, await client.call({ id: calls, method, input, deadlineMs: 5_000 }))
  }
  return {
    engine,
    client,
    call,
    sent,
    errors,
    send: (message: PageMessage) => client.receive(message),
    write: (session: SessionId, key: string, value: StateValue) =>
      call('state.write', { target: { session }, changes: [{ key, value }] }),
    async read(session: SessionId, key: string) {
      const entries = entriesOf(await call('state.open', { session }))
      return entries.find((entry) => entry.key === key)?.value
    },
  }
}

/** A wall clock that a test sets, whose timers are the host's. */
export function settableWall(): FakeClock {
  const clock = fakeClock()
  return {
    ...clock,
    now: clock.now,
    monotonic: () => performance.now(),
    after(delayMs, callback) {
      const timer = setTimeout(callback, delayMs)
      return () => clearTimeout(timer)
    },
  }
}
