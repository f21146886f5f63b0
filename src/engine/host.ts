import type { EngineHost, SendToPage } from '../protocol/engine-host.ts'
import type { Hello } from '../protocol/hello.ts'
import { type Engine, type EngineOptions, openEngine } from './engine.ts'

/** Serves pages: one engine for each database that a page names, open as long as a page uses it. */
export function createEngineHost(options: EngineOptions): EngineHost {
  const engines = new Map<string, Promise<Engine>>()
  const waiting = new Map<string, Set<SendToPage>>()

  async function engineOf({ name, blockedMs, inDoubt }: Hello): Promise<Engine> {
    const known = engines.get(name)
    const engine = await known?.catch(() => undefined)
    if (engine !== undefined && engine.ended === undefined) return engine
    // Another page may have opened it anew while this one waited.
    const present = engines.get(name)
    if (present !== undefined && present !== known) return present
    const opening = openEngine(name, options, {
      blockedMs,
      inDoubt,
      onBlocked: (blocked) => {
        for (const send of waiting.get(name) ?? []) send({ type: 'blocked', ...blocked })
      },
    })
    engines.set(name, opening)
    opening.catch(() => {
      if (engines.get(name) === opening) engines.delete(name)
    })
    return opening
  }

  /** Tells the page meanwhile what keeps the database from being opened. */
  async function waitWith(name: string, send: SendToPage, open: () => Promise<Engine>): Promise<Engine> {
    const pages = waiting.get(name) ?? new Set()
    waiting.set(name, pages.add(send))
    try {
      return await open()
    } finally {
      pages.delete(send)
      if (pages.size === 0) waiting.delete(name)
    }
  }

  async function leave(name: string, engine: Engine): Promise<void> {
    if (engine.pages > 0) return
    if ((await engines.get(name)) === engine) engines.delete(name)
    await engine.close()
  }

  return {
    async connect(hello, send) {
      const engine = await waitWith(hello.name, send, () => engineOf(hello))
      const client = await engine.connect(hello, send)
      return {
        welcome: client.welcome,
        get exposedUntil() {
          return client.exposedUntil
        },
        call: (call) => client.call(call),
        receive: (message) => client.receive(message),
        async disconnect() {
          await engine.settle()
          await client.disconnect()
          await leave(hello.name, engine)
        },
      }
    },
  }
}
