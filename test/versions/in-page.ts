/**
 * What the tests do in pages of either build. Each function travels to its page as text, so it stands alone and uses what
 * both builds have.
 */
import type { WorkerOptions } from '../../src/client/spawn.ts'

/** Opens the database of that name, and keeps the handle on the window. */
export async function open(options: { readonly name: string } & Pick<WorkerOptions, 'workerUrl'>) {
  try {
    const opened = await window.holdfast.openHoldfast(options)
    Object.assign(window, { opened })
    return { protocol: opened.storage.protocol, state: opened.storage.state }
  } catch (error) {
    const { code, details, message } = error as { code: string; details: unknown; message: string }
    return { code, details, message }
  }
}

/** Does once what a session is for; returns what {@link readAll} has to find. */
export async function useAll(): Promise<string> {
  const { opened } = window
  opened.hooks.before('state:write', (_event, { modify }) => modify({ value: 'seen by a hook' }), {
    id: 'stamp',
    version: 1,
    when: { names: ['hooked'] },
  })
  const session = await opened.sessions.create({ name: 'Work', tags: ['kept'] })
  const heard: string[] = []
  const ending = new AbortController()
  const watching = (async () => {
    for await (const event of session.timeline.watch({ types: ['note.*'], signal: ending.signal }))
      heard.push(event.type)
  })().catch(() => {})
  await session.state.set('hooked', 'as written')
  await session.state.set('count', 1)
  const file = await session.artifacts.store({ name: 'notes.txt', kind: 'user_input', content: 'some text' })
  await session.artifacts.store({ name: 'notes.txt', kind: 'user_input', content: 'more text' })
  await session.step('tool:add', { n: 2 }, ({ n }) => n + 1)
  await session.run('count', { key: 'once' }, async (run) => run.step('tool:inner', {}, async () => 'inner'))
  await session.emit('note.taken', { about: file.id })
  while (heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  ending.abort()
  await watching
  await session.save({ label: 'kept' })
  await session.state.set('count', 2)
  await opened.flush()
  return session.id
}

/** Everything of a session that a page can read, without times. */
export async function readAll(id: string) {
  const { opened } = window
  const session = await opened.sessions.open(id)
  const items = (await session.artifacts.list()).items
  const artifacts = await Promise.all(
    items.map(async (artifact) => [artifact.name, artifact.version, await artifact.text()]),
  )
  const events = (await session.timeline.query({ limit: 200 })).items
  const [checkpoint] = await session.checkpoints.list()
  const runs = await session.runs.list()
  const saved = events.find(({ type }) => type === 'session.saved')
  const past = saved && (await session.at(saved))
  return {
    info: session.info,
    listed: (await opened.sessions.list({ tags: ['kept'] })).items.map((item) => item.id),
    state: { hooked: session.state.get('hooked'), count: session.state.get('count') },
    artifacts: artifacts.toSorted(),
    events: events.map((event) => [event.id, event.type]),
    checkpoint,
    past: past?.state,
    runs: runs.map((run) => [run.id, run.status]),
  }
}

/** Each of these in turn: what it answers, or the code of its error. */
export async function tryAll(id: string) {
  const { opened } = window
  const session = Reflect.get(window, 'session') as Awaited<ReturnType<typeof opened.sessions.open>>
  const outcomes: Record<string, unknown> = {}
  const attempt = async (what: string, work: () => Promise<unknown>) => {
    outcomes[what] = await work().then(
      () => 'done',
      (error) => error.code,
    )
  }
  await attempt('set', () => session.state.set('count', 99))
  await attempt('emit', () => session.emit('note.taken', {}))
  await attempt('store', () =>
    session.artifacts.store({ name: 'late.txt', kind: 'user_input', content: 'late' }),
  )
  await attempt('save', () => session.save())
  await attempt('create', () => opened.sessions.create({ name: 'late' }))
  await attempt('delete', () => session.delete())
  await attempt('flush', () => opened.flush())
  await attempt('list', () => opened.sessions.list())
  await attempt('open', () => opened.sessions.open(id))
  return { outcomes, state: opened.storage.state, count: session.state.get('count'), name: session.info.name }
}

/** Opens the session as a handle that stays on the window. */
export async function hold(id: string): Promise<void> {
  Object.assign(window, { session: await window.opened.sessions.open(id) })
}

/** Writes without end; `acknowledged` on the window counts what was stored, `refused` names what ended it. */
export function writeOn(): void {
  const session = Reflect.get(window, 'session') as Awaited<
    ReturnType<(typeof window.opened)['sessions']['open']>
  >
  const stored: number[] = []
  const writing = (async () => {
    for (let turn = 0; ; turn += 1) {
      try {
        await session.state.set(`key-${turn}`, turn)
        stored.push(turn)
      } catch (error) {
        return (error as { code: string }).code
      }
    }
  })()
  Object.assign(window, { stored, writing })
}

/** Everything in a database, as text that two databases with the same content share. */
export async function dump(name: string): Promise<string> {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const names = [...db.objectStoreNames]
  const transaction = db.transaction(names)
  const stores = names.map(
    (store) =>
      new Promise((resolve) => {
        const rows: unknown[] = []
        const request = transaction.objectStore(store).openCursor()
        request.onsuccess = () => {
          const cursor = request.result
          if (cursor === null) return resolve([store, rows])
          rows.push([cursor.key, cursor.value])
          cursor.continue()
        }
      }),
  )
  const content = JSON.stringify([db.version, await Promise.all(stores)], (_key, value: unknown) =>
    value instanceof Uint8Array ? [...value] : value,
  )
  db.close()
  return content
}

/** Raises the native version, as a build of tomorrow does. */
export async function upgradeTo(given: { readonly name: string; readonly version: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.open(given.name, given.version)
    request.onupgradeneeded = () => request.result.createObjectStore('tomorrow', { keyPath: 'id' })
    request.onsuccess = () => {
      request.result.close()
      resolve()
    }
    request.onerror = () => reject(request.error)
  })
}

/** Holds the database open as a frozen tab does: it hears nobody who asks it to let go. */
export async function holdDeaf(name: string): Promise<void> {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  Object.assign(window, { deaf: db })
}

/** Opens while older tabs may keep it waiting; `blocked` on the window is what was said of that. */
export async function openWaiting(options: { readonly name: string; readonly blockedMs: number }) {
  const blocked: unknown[] = []
  Object.assign(window, { blocked })
  try {
    const opened = await window.holdfast.openHoldfast({
      ...options,
      onBlocked: (waiting) => blocked.push(waiting),
    })
    Object.assign(window, { opened })
    return 'opened'
  } catch (error) {
    return (error as { code: string }).code
  }
}
