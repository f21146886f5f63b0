import type { Endpoint } from 'comlink'

/**
 * An endpoint that lets through only calls of the named functions.
 *
 * Comlink follows any path that a message names, so one SET to `__proto__` pollutes every object of the worker, and an
 * APPLY on a `constructor` path runs code (comlink#603). Here a message passes only when it is an APPLY whose path is
 * one of `names`, with raw arguments, or a RELEASE; it is rebuilt from those parts. All else is answered with an error.
 */
export function guardEndpoint(endpoint: Endpoint, names: readonly string[]): Endpoint {
  const guardedByListener = new Map<unknown, EventListener>()
  return {
    postMessage: (message, transfer) => endpoint.postMessage(message, transfer),
    addEventListener: (type, listener, options) => {
      const guarded: EventListener = (event) => {
        const message = allowed(dataOf(event), names)
        if (message === undefined) return refuse(endpoint, dataOf(event))
        call(listener, new MessageEvent('message', { data: message }))
      }
      guardedByListener.set(listener, guarded)
      endpoint.addEventListener(type, guarded, options)
    },
    removeEventListener: (type, listener, options) => {
      const guarded = guardedByListener.get(listener)
      if (guarded === undefined) return
      guardedByListener.delete(listener)
      endpoint.removeEventListener(type, guarded, options)
    },
    start: () => endpoint.start?.(),
  }
}

/** The message rebuilt from the parts that may pass; undefined for one that may not. */
function allowed(data: Readonly<Record<string, unknown>>, names: readonly string[]): object | undefined {
  const { id, type } = data
  if (typeof id !== 'string') return undefined
  if (type === 'RELEASE') return { id, type }
  if (type !== 'APPLY') return undefined
  const name = nameOf(data.path)
  const argumentList = rawArguments(data.argumentList)
  if (name === undefined || !names.includes(name) || argumentList === undefined) return undefined
  return { id, type, path: [name], argumentList }
}

function nameOf(path: unknown): string | undefined {
  if (!Array.isArray(path) || path.length !== 1) return undefined
  const [name]: unknown[] = path
  return typeof name === 'string' ? name : undefined
}

/** Comlink's other kind of argument names a handler, which would make proxies of what the page sends. */
function rawArguments(list: unknown): readonly object[] | undefined {
  if (!Array.isArray(list)) return undefined
  const raw = list.filter(isRaw).map(({ value }) => ({ type: 'RAW', value }))
  return raw.length === list.length ? raw : undefined
}

function isRaw(argument: unknown): argument is { readonly value: unknown } {
  return typeof argument === 'object' && argument !== null && 'type' in argument && argument.type === 'RAW'
}

/** In Comlink's own form, so that a caller that waits for it does not hang. */
function refuse(endpoint: Endpoint, data: Readonly<Record<string, unknown>>): void {
  if (typeof data.id !== 'string') return
  const message = 'Holdfast refused this message: only its own functions can be called, with plain arguments.'
  const value = { isError: true, value: { name: 'Refused', message } }
  endpoint.postMessage({ id: data.id, type: 'HANDLER', name: 'throw', value })
}

function dataOf(event: Event): Readonly<Record<string, unknown>> {
  const data: unknown = event instanceof MessageEvent ? event.data : undefined
  return typeof data === 'object' && data !== null ? { ...data } : {}
}

function call(listener: EventListenerOrEventListenerObject, event: Event): void {
  if (typeof listener === 'function') listener(event)
  else listener.handleEvent(event)
}
