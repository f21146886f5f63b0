import { mkdirSync } from 'node:fs'
import { startChromium } from './chromium.ts'
import type { Engine, EngineName, EngineOptions } from './engine.ts'
import { startFirefox } from './firefox.ts'
import { startWebKit } from './webkit.ts'

const STARTS: Readonly<Record<EngineName, (options: EngineOptions) => Promise<Engine>>> = {
  chromium: startChromium,
  firefox: startFirefox,
  webkit: startWebKit,
}

/** Starts a browser on a profile. */
export function startEngine(name: EngineName, options: EngineOptions): Promise<Engine> {
  mkdirSync(options.profile, { recursive: true })
  return STARTS[name](options)
}
