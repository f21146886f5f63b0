/** Requests and events as JSON: what DevTools, WebDriver BiDi and our own browser have in common. */
import { WebSocket } from 'ws'

export interface Rpc {
  send(method: string, params?: object, sessionId?: string): Promise<Reply>
  /** Resolves with the next event that fits. */
  next(fits: (event: RpcEvent) => boolean): Promise<RpcEvent>
}

/** What carries the messages. */
export interface Wire {
  post(text: string): void
  hear(listener: (text: string) => void): void
  readonly ended: Promise<void>
}

export type Reply = Readonly<Record<string, unknown>>

export interface RpcEvent {
  readonly method: string
  readonly params: Reply
  readonly sessionId?: string
}

interface Message extends Partial<RpcEvent> {
  readonly id?: number
  readonly result?: Reply
  /** An object in DevTools, a word in BiDi. */
  readonly error?: string | { readonly message: string }
  readonly message?: string
}

interface Waiting {
  readonly method: string
  resolve(reply: Reply): void
  reject(error: Error): void
}

export async function connectRpc(url: string): Promise<Rpc> {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  // A browser that is killed resets its connections; what waits is rejected at the close.
  socket.on('error', () => {})
  return createRpc({
    post: (text) => socket.send(text),
    hear: (listener) => socket.on('message', (data) => listener(data.toString())),
    ended: new Promise((resolve) => socket.once('close', () => resolve())),
  })
}

export function createRpc(wire: Wire): Rpc {
  const waitingById = new Map<number, Waiting>()
  const watchers = new Set<(event: RpcEvent) => void>()
  let lastId = 0
  let hasEnded = false

  wire.hear((text) => {
    const message: Message = JSON.parse(text)
    if (message.id !== undefined) settle(message.id, message)
    else if (isEvent(message)) for (const watch of [...watchers]) watch(message)
  })
  void wire.ended.then(() => {
    hasEnded = true
    for (const { method, reject } of waitingById.values())
      reject(new Error(`The browser ended in ${method}.`))
    waitingById.clear()
  })

  function settle(id: number, { result, error, message }: Message): void {
    const waiting = waitingById.get(id)
    waitingById.delete(id)
    if (error === undefined) waiting?.resolve(result ?? {})
    else {
      const reason = typeof error === 'string' ? `${error}: ${message}` : error.message
      waiting?.reject(new Error(`${waiting.method}: ${reason}`))
    }
  }

  return {
    send(method, params = {}, sessionId) {
      lastId += 1
      const id = lastId
      return new Promise((resolve, reject) => {
        if (hasEnded) {
          reject(new Error(`The browser ended before ${method}.`))
          return
        }
        waitingById.set(id, { method, resolve, reject })
        wire.post(JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) }))
      })
    },
    next(fits) {
      return new Promise((resolve) => {
        const watch = (event: RpcEvent) => {
          if (!fits(event)) return
          watchers.delete(watch)
          resolve(event)
        }
        watchers.add(watch)
      })
    },
  }
}

/** A text field of a reply. */
export function textOf(reply: Reply, field: string): string {
  const value = reply[field]
  if (typeof value !== 'string') throw new Error(`The browser answered without ${field}.`)
  return value
}

/** An object field of a reply. */
export function partOf(reply: Reply, field: string): Reply {
  const value = reply[field]
  if (typeof value !== 'object' || value === null) throw new Error(`The browser answered without ${field}.`)
  return { ...value }
}

function isEvent(message: Message): message is RpcEvent {
  return message.method !== undefined && message.params !== undefined
}
