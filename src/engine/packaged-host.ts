import type { App } from '../core/app/app.ts'
import type { HoldEvent } from '../core/app/held-event.ts'
import type { DefaultHookOptions, MakeMore } from '../core/hook/built-in.ts'
import { defaultHooks } from '../core/hook/default-hooks.ts'
import type { HookDefinition } from '../core/hook/definition.ts'
import type { Redactor } from '../core/hook/redactor.ts'
import { loadAllLate } from '../core/late.ts'
import type { WallClock } from '../core/ports.ts'
import type { EngineHost } from '../protocol/engine-host.ts'
import type { Audit } from './audit.ts'
import { definitionsOf } from './definitions.ts'
import { createEngineHost } from './host.ts'
import { createWorld } from './world.ts'

/** After a page was let in: what it does first goes before. */
const REST_AFTER_MS = 1_000

export interface HostOptions {
  readonly app?: App
  /** Holds what hooks make of events to what the app declares. */
  readonly holdEvent?: HoldEvent
  readonly hooks?: readonly HookDefinition[]
  readonly builtIn?: DefaultHookOptions
  /** How the built-in hooks are made. @defaultValue as the packaged worker has them: when they are first needed */
  readonly more?: MakeMore
  /** Makes the audit, where one is kept. */
  readonly makeAudit?: (shared: { readonly redactor?: Redactor }) => Audit
}

/** The host as the packaged worker runs it: the host's own world, the built-in hooks before the app's. */
export function createPackagedHost({
  app,
  holdEvent,
  hooks = [],
  builtIn: options,
  more,
  makeAudit,
}: HostOptions = {}): EngineHost {
  const builtIn = defaultHooks(options, more)
  const world = createWorld()
  const host = createEngineHost({
    world,
    definitions: definitionsOf(app, holdEvent),
    hooks: [...builtIn.hooks, ...hooks],
    executor: {
      onIncident: builtIn.onIncident,
      ...(builtIn.redactor === undefined ? {} : { redact: builtIn.redactor.redact }),
    },
    ...(makeAudit === undefined ? {} : { audit: makeAudit(builtIn) }),
    ...(options?.rates === undefined ? {} : { rates: options.rates }),
    ...(builtIn.metrics === undefined ? {} : { metrics: builtIn.metrics }),
    onError: (error) => console.error('Holdfast:', error),
  })
  const loadRest = restLoader(world.wall)
  return {
    async connect(...args) {
      const client = await host.connect(...args)
      loadRest()
      return client
    },
  }
}

/**
 * Loads, once, what the worker was started without, so that it is there when the network is gone or a service worker does
 * not answer. What cannot be had is tried again when it is needed, and then said.
 */
function restLoader(wall: Pick<WallClock, 'after'>): () => void {
  let isSet = false
  return () => {
    if (!isSet) wall.after(REST_AFTER_MS, () => void loadAllLate().catch(() => {}))
    isSet = true
  }
}
