/** The pages that an engine serves: how they connect, and who they are. */
import { createError } from '../core/errors.ts'
import type { HookDefinition } from '../core/hook/definition.ts'
import type { Journal, StorageMeter } from '../core/ports.ts'
import type { SendToPage } from '../protocol/engine-host.ts'
import type { Hello } from '../protocol/hello.ts'
import type { Connection } from '../storage/connection.ts'
import { createPage, type Page } from './page.ts'
import type { PageServices } from './page-services.ts'

export interface Pages {
  readonly size: number
  /** @throws why the database ended; STORAGE_LOST where it is another one than the page's browser remembers */
  connect(hello: Hello, send: SendToPage, services: PageServices): Promise<Page>
  get(client: string): Page | undefined
  all(): readonly Page[]
  /** Templates of a page's app, also of a page that has left. */
  templatesOf(client: string): Hello['templates']
}

export function createPages(deps: {
  readonly connection: Pick<Connection, 'ended' | 'generation'>
  readonly journal: Pick<Journal, 'writer'>
  readonly meter: Pick<StorageMeter, 'persisted'>
  /** Hooks of the worker itself. */
  readonly hooks: readonly HookDefinition[]
  /** On which pages can listen to other tabs. */
  readonly channel: () => string | undefined
  /** Keys of sessions that the app of the worker declares sensitive. */
  readonly sensitive: readonly string[]
  readonly onJoined: (page: Page) => void
  readonly onLeft: (client: string) => void
  readonly onError: (error: unknown) => void
}): Pages {
  const { connection } = deps
  const pages = new Map<string, Page>()
  const helloByClient = new Map<string, Hello>()

  return {
    get size() {
      return pages.size
    },
    async connect(hello, send, services) {
      if (connection.ended !== undefined) throw connection.ended
      assertGeneration(hello, connection.generation)
      pages.get(hello.client)?.disconnect().catch(deps.onError)
      const channel = deps.channel()
      const welcome = {
        protocol: hello.protocol,
        generation: connection.generation,
        writer: deps.journal.writer,
        persisted: await deps.meter.persisted(),
        gates: deps.hooks
          .filter(({ point, stage }) => point === 'state:write' && stage === 'before')
          .map(({ when }) => when ?? {}),
        ...(channel === undefined ? {} : { channel, sensitive: deps.sensitive }),
      }
      const page = createPage(hello, welcome, send, services, () => {
        if (pages.get(hello.client) === page) pages.delete(hello.client)
        deps.onLeft(hello.client)
      })
      pages.set(hello.client, page)
      helloByClient.set(hello.client, hello)
      deps.onJoined(page)
      return page
    },
    get: (client) => pages.get(client),
    all: () => [...pages.values()],
    templatesOf: (client) => helloByClient.get(client)?.templates,
  }
}

/** A page must find the database that its browser remembers, not an empty one of the same name. */
function assertGeneration(hello: Hello, generation: string): void {
  if (hello.generation === undefined || hello.reopen === true || hello.generation === generation) return
  throw createError(
    'STORAGE_LOST',
    `Database ${hello.name}, as this browser remembers it, is gone: it was deleted, evicted or lost, and an empty one is in its place. Call reopen(), or open it with reopen: true, to begin anew.`,
    { name: hello.name },
  )
}
