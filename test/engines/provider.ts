/** Vitest's browser mode on our own driver: it opens a tab for each session and says no more. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineBrowserProvider } from '@vitest/browser'
import type { BrowserProvider, TestProject } from 'vitest/node'
import { type Engine, isEngineName, type Tab } from './driver/engine.ts'
import { startEngine } from './driver/start.ts'

export function drivenEngine() {
  return defineBrowserProvider({
    name: 'driven',
    providerFactory: (project) => new DrivenProvider(project),
  })
}

class DrivenProvider implements BrowserProvider {
  readonly name = 'driven'
  readonly supportsParallelism = false
  readonly #project: TestProject
  readonly #profile = mkdtempSync(join(tmpdir(), 'holdfast-engine-'))
  readonly #tabs = new Map<string, Tab>()
  #engine: Promise<Engine> | undefined

  constructor(project: TestProject) {
    this.#project = project
  }

  getCommandsContext(sessionId: string): Record<string, unknown> {
    return { tab: this.#tabs.get(sessionId) }
  }

  async openPage(sessionId: string, url: string): Promise<void> {
    const { name } = this.#project.config.browser
    if (!isEngineName(name)) throw new Error(`There is no engine '${name}'.`)
    this.#engine ??= startEngine(name, { profile: this.#profile })
    const tab = await (await this.#engine).openTab('about:blank')
    this.#tabs.set(sessionId, tab)
    // The page answers the runner before it counts as loaded.
    await tab.begin(url)
  }

  async close(): Promise<void> {
    await (await this.#engine)?.[Symbol.asyncDispose]()
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}
