import type { Damage } from '../core/damage/damage.ts'
import type { SessionId } from '../core/ids.ts'
import type { Room } from '../core/ports.ts'
import type { Answer, Connection } from './connection.ts'

/**
 * How it stands with the database under this page. `stale`: a newer build took it over, and this page is readable only.
 * `needs-reload`: the browser opens no database any more in this page; what was stored is there after a reload. Where the
 * disk is full the message says so, and the page goes on by itself when it has room.
 */
export type StoreState = 'ok' | 'lost' | 'stale' | 'needs-reload'

export interface StoreInfo {
  /** Whether the browser promised not to evict this origin's data: as it said when the worker started, or to `persist()` since. */
  readonly persisted: boolean
  /**
   * Asks the browser for that promise. Some ask the person, so the answer may take long, or never come; nothing else
   * waits for it. False where it is refused, or cannot be asked for.
   */
  persist(): Promise<boolean>
  readonly state: StoreState
  /**
   * How much room the browser gives, as it was told last: looked at some seconds after something was stored here, at most
   * each half a minute. `unknown` until it was little, or where the browser does not say.
   */
  readonly room: Room
  /**
   * State writes that are shown and not stored, in a page that needs a reload: kept in memory (4 MiB at most, more is
   * refused), stored if storage comes back, and gone with the page.
   */
  readonly heldWrites: number
  /** The protocol that page and worker agreed on: the newest that both speak. */
  readonly protocol: number
  /** Messages of a newer worker that this page had no word for, and left unread. */
  readonly unreadMessages: number
  /** Calls back when `state`, `persisted` or `room` changed, with a sentence for people. The function returned ends it. */
  subscribe(listener: (state: StoreState, message: string) => void): () => void
  /** Bytes used and allowed, as far as the browser says. */
  info(): Promise<Answer<'storage.info'>>
  /** What was found damaged and set aside, of one session or of all; oldest first. The rest is there and works. */
  damage(session?: SessionId): Promise<readonly Damage[]>
  /**
   * Makes lists, views and heads anew from the log, where they differ from it. Answers how many rows did, and by
   * `isComplete: false` that it gave up at some, since something was written all the time: call it again when less is.
   */
  repair(): Promise<Answer<'storage.repair'>>
}

export function createStoreInfo(connection: Connection): StoreInfo {
  const listeners = new Set<(state: StoreState, message: string) => void>()
  let state: StoreState = 'ok'
  let granted = false
  let heard = connection.room

  const tell = (message: string) => {
    for (const listener of [...listeners]) listener(state, message)
  }
  const change = (next: StoreState, message: string) => {
    if (next === state) return
    state = next
    tell(message)
  }
  connection.listen((message) => {
    if (message.type === 'storage' && isStoreState(message.state)) change(message.state, message.message)
    if (message.type === 'room' && message.room !== heard) {
      heard = message.room
      tell(message.message)
    }
  })
  connection.onGivenUp(({ code, message }) => {
    if (code === 'STORAGE_NEEDS_RELOAD') change('needs-reload', message)
  })
  connection.onRespawn(() => change('ok', 'The database is open.'))

  return {
    get persisted() {
      return granted || connection.welcome.persisted
    },
    persist: async () => {
      const before = granted || connection.welcome.persisted
      granted = (await askToPersist()) || granted
      if (granted && !before) tell('The browser keeps what is stored here.')
      return granted
    },
    get state() {
      return state
    },
    get room() {
      return connection.room
    },
    get heldWrites() {
      return connection.heldWrites
    },
    get protocol() {
      return connection.welcome.protocol
    },
    get unreadMessages() {
      return connection.unheardOf
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    info: () => connection.call('storage.info', {}),
    repair: () => connection.call('storage.repair', {}),
    damage: (sessionId) => connection.call('storage.damage', sessionId === undefined ? {} : { sessionId }),
  }
}

/** A newer worker may know more states. */
function isStoreState(state: string): state is Exclude<StoreState, 'needs-reload'> {
  return state === 'ok' || state === 'lost' || state === 'stale'
}

async function askToPersist(): Promise<boolean> {
  try {
    return (await navigator.storage?.persist?.()) ?? false
  } catch {
    return false
  }
}
