import type { App } from '../core/app/app.ts'
import { type DefaultHookOptions, defaultHooks } from '../core/hook/default-hooks.ts'
import type { HookDefinition } from '../core/hook/definition.ts'
import type { EngineHost } from '../protocol/engine-host.ts'
import { definitionsOf } from './definitions.ts'
import { createEngineHost } from './host.ts'
import { createWorld } from './world.ts'

/** The host as the packaged worker runs it: the host's own world, the built-in hooks before the app's. */
export function createPackagedHost({
  app,
  hooks = [],
  builtIn: options,
}: {
  readonly app?: App
  readonly hooks?: readonly HookDefinition[]
  readonly builtIn?: DefaultHookOptions
}): EngineHost {
  const builtIn = defaultHooks(options)
  return createEngineHost({
    world: createWorld(),
    definitions: definitionsOf(app),
    hooks: [...builtIn.hooks, ...hooks],
    executor: {
      onIncident: builtIn.onIncident,
      ...(builtIn.redactor === undefined ? {} : { redact: builtIn.redactor.redact }),
    },
    ...(builtIn.metrics === undefined ? {} : { metrics: builtIn.metrics }),
    onError: (error) => console.error('Holdfast:', error),
  })
}
