/** The plain fixture in the engine that the run is about, on a profile that outlives its browsers. */
import { inject } from 'vitest'
import '../pages/page-globals.ts'
import { createProfile } from '../pages/harness/chromium.ts'
import { buildFixture } from '../pages/harness/fixture.ts'
import { type Site, serveFolder } from '../pages/harness/static-server.ts'
import { type Engine, type EngineOptions, type Tab, waitFor } from './driver/engine.ts'
import { startEngine } from './driver/start.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** How often a test of kills kills. */
    readonly rounds: number
  }
}

export interface Rig extends AsyncDisposable {
  readonly site: Site
  /** The folder that outlives the browsers. */
  readonly profile: string
  /** The browser that runs now. */
  readonly engine: Engine
  /** A tab with the fixture, loaded. */
  openTab(): Promise<Tab>
  /** Another browser on the same profile; the one before has to have ended. */
  start(): Promise<void>
}

interface RigOptions extends Omit<EngineOptions, 'profile'> {
  /** Gets what the pages post. */
  receive?(text: string): void
}

export async function openRig({ receive, ...options }: RigOptions = {}): Promise<Rig> {
  const site = await serveFolder(await buildFixture('plain'), {}, receive)
  const profile = createProfile()
  const launch = () => startEngine(inject('engine'), { ...options, profile: profile.folder })
  let engine = await launch()

  return {
    site,
    profile: profile.folder,
    get engine() {
      return engine
    },
    async openTab() {
      const tab = await engine.openTab(site.origin)
      await isReady(tab)
      return tab
    },
    async start() {
      engine = await launch()
    },
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]()
      await site[Symbol.asyncDispose]()
      profile[Symbol.dispose]()
    },
  }
}

/** Waits until the fixture has run, after a load or a reload. */
export function isReady(tab: Tab): Promise<void> {
  return waitFor(tab, () => window.holdfast !== undefined)
}
