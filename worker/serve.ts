import type { App } from '../src/core/app/app.ts'
import type { HookDefinition } from '../src/core/hook/definition.ts'
import { createPackagedHost } from '../src/engine/packaged-host.ts'
import { openGate } from './gate.ts'

export interface ServeOptions {
  /** Steps and templates that live in this worker. */
  readonly app?: App
  /** Hooks that gate every page of this build. */
  readonly hooks?: readonly HookDefinition[]
}

/**
 * Serves the page that spawned this worker. Call it once, at the top of a worker of the app's own.
 *
 * @example
 * import { serveHoldfast } from 'holdfast/worker'
 * serveHoldfast({ app, hooks: [sizeLimit] })
 */
export function serveHoldfast(options: ServeOptions = {}): void {
  openGate(createPackagedHost(options))
}

export { defineHook } from '../src/core/hook/define-hook.ts'
