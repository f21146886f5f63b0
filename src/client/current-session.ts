import type { SessionId } from '../core/ids.ts'

/** Which session this page works in: each tab has its own, it outlives a reload, and it is null when that session is gone. */
export interface CurrentSession {
  get(): SessionId | null
  set(session: string | { readonly id: SessionId } | null): void
  /** Calls back when it changed. The function returned ends it. */
  subscribe(listener: (id: SessionId | null) => unknown): () => void
}

export interface KeptCurrent extends CurrentSession {
  /** The session was deleted. */
  gone(id: SessionId): void
}

export function createCurrentSession(name: string): KeptCurrent {
  const key = `holdfast:${name}:current`
  const listeners = new Set<(id: SessionId | null) => unknown>()
  let current = read(key)

  const set = (id: SessionId | null) => {
    if (id === current) return
    current = id
    write(key, id)
    for (const listener of [...listeners]) listener(id)
  }

  return {
    get: () => current,
    set: (session) =>
      set(session === null || typeof session === 'string' ? (session as SessionId | null) : session.id),
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    gone: (id) => {
      if (id === current) set(null)
    },
  }
}

/** Storage may be blocked for the page; the choice then lasts as long as the page. */
function read(key: string): SessionId | null {
  try {
    return sessionStorage.getItem(key) as SessionId | null
  } catch {
    return null
  }
}

function write(key: string, id: SessionId | null): void {
  try {
    if (id === null) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, id)
  } catch {
    // As above.
  }
}
