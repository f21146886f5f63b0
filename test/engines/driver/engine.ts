/** What every engine can be made to do, in the same words. */

export const ENGINE_NAMES = ['chromium', 'firefox', 'webkit'] as const

export type EngineName = (typeof ENGINE_NAMES)[number]

export function isEngineName(name: string): name is EngineName {
  return (ENGINE_NAMES as readonly string[]).includes(name)
}

export interface EngineOptions {
  /** The folder the browser keeps its data in; what a browser before it left there is found again. */
  readonly profile: string
  /** What an origin may store, in bytes, as nearly as the engine lets itself be told. @defaultValue the engine's own */
  readonly quotaBytes?: number
  /** An origin that the person has let keep what it stores. Chromium only, on a profile that is new. */
  readonly keeps?: string
}

/** A running browser. It ends with its test, or by {@link Engine.kill}. */
export interface Engine extends AsyncDisposable {
  readonly name: EngineName
  readonly version: string
  /** Opens a tab and waits until its page is loaded. */
  openTab(url: string): Promise<Tab>
  /** The processes that the browser started, each with its command line. */
  helpers(): readonly Helper[]
  /** Stops every process of the browser where it stands, until it is killed. */
  freeze(): void
  /** Ends every process of the browser at once: no page, worker or database gets to finish anything. */
  kill(): Promise<void>
}

export interface Helper {
  readonly pid: number
  readonly command: string
}

export interface Tab {
  goto(url: string): Promise<void>
  /** Loads without waiting for it. */
  begin(url: string): Promise<void>
  reload(): Promise<void>
  back(): Promise<void>
  close(): Promise<void>
  /** Without network, as the engine does it itself. WebKit cannot: there, stop the server. */
  setOffline(offline: boolean): Promise<void>
  readonly evaluate: Evaluate
}

/** Runs a function in the page. It closes over nothing; arguments and result travel as JSON. */
export type Evaluate = <Args extends readonly unknown[], Result>(
  act: (...args: Args) => Result,
  ...args: Args
) => Promise<Awaited<Result>>

const LOOK_EVERY_MS = 20

/** Waits until the condition holds in the page. */
export async function waitFor(tab: Tab, condition: () => boolean, limitMs = 20_000): Promise<void> {
  const start = performance.now()
  while (!(await tab.evaluate(condition))) {
    if (performance.now() - start > limitMs) {
      throw new Error(`Within ${limitMs} ms the page did not come to: ${condition}`)
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}
