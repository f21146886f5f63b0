import { onTestFinished } from 'vitest'
import { agentOutputCollector, toolResultCollector } from '../../../src/core/hook/collectors.ts'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import type { RequestId, SessionId } from '../../../src/core/ids.ts'
import { loadAllLate } from '../../../src/core/late.ts'
import type { RateRule } from '../../../src/core/policy/rates.ts'
import type { Usage } from '../../../src/core/session/record.ts'
import type { Audit } from '../../../src/engine/audit.ts'
import { openEngine } from '../../../src/engine/engine.ts'
import { createWorld } from '../../../src/engine/world.ts'
import { PROTOCOL_VERSION } from '../../../src/protocol/hello.ts'
import type { Answer, Input, MethodName } from '../../../src/protocol/worker-api.ts'
import { openConnection } from '../../../src/storage/open-connection.ts'
import { type FakeClock, fakeClock } from '../../../src/testing/fake-clock.ts'
import { seededEntropy } from '../../../src/testing/seeded-entropy.ts'

await loadAllLate()

let count = 0

export type PolicyTab = Awaited<ReturnType<typeof startTab>>

/** A tab with an engine of its own, whose clock a test moves while its timers run by the host's. It ends with its test. */
export async function startTab({
  wall = fakeClock(),
  name = `policies-${count + 1}`,
  rates,
  hooks = [],
  audit,
}: {
  readonly wall?: FakeClock
  readonly name?: string
  readonly rates?: readonly RateRule[]
  readonly hooks?: readonly HookDefinition[]
  readonly audit?: Audit
} = {}) {
  count += 1
  const world = createWorld({
    wall: {
      now: () => wall.now(),
      monotonic: () => performance.now(),
      after(delayMs, callback) {
        const timer = setTimeout(callback, delayMs)
        return () => clearTimeout(timer)
      },
    },
  })
  const engine = await openEngine(name, {
    world,
    definitions: { steps: [], templates: {}, stateClasses: {} },
    hooks: [toolResultCollector(), agentOutputCollector(), ...hooks],
    onError: () => {},
    ...(rates === undefined ? {} : { rates }),
    ...(audit === undefined ? {} : { audit }),
  })
  const hello = { protocol: PROTOCOL_VERSION, name, client: `page-${count}`, actor: { id: 'ada' } }
  const client = await engine.connect(hello, () => {})
  const looking = await openConnection({ name, wall: world.wall, entropy: seededEntropy(count) })
  let isStopped = false
  async function stop(): Promise<void> {
    if (isStopped) return
    isStopped = true
    looking.close()
    await engine.close()
  }
  // Those after it, which share the process, would meet what it goes on doing.
  onTestFinished(stop)
  let calls = 0
  const call = async <Method extends MethodName>(
    method: Method,
    input: Input<Method>,
    again: { readonly requestId?: RequestId; readonly mayRepeat?: boolean } = {},
  ) => {
    calls += 1
    return (await client.call({ id: calls, method, input, deadlineMs: 20_000, ...again })) as Answer<Method>
  }
  return {
    name,
    wall,
    call,
    native: looking.native,
    /** A step from its start to its end. */
    async step(
      sessionId: SessionId,
      step: string,
      { usage }: { readonly usage?: Partial<Usage>; readonly collects?: true },
    ) {
      const ticket = await call('steps.start', { sessionId, step, purity: 'effect', input: null })
      if (ticket.state !== 'run') throw new Error(`The step is ${ticket.state}.`)
      const outcome = { ok: true, value: 'done', ...(usage === undefined ? {} : { usage }) } as const
      await call('steps.finish', { sessionId, startedId: ticket.startedId, outcome })
    },
    stop,
  }
}
