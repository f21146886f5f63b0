import type { TabChannel } from '../core/ports.ts'

/** Opens the channel of that name to the other tabs of this origin; where a host has none, a channel that nobody hears. */
export function createTabChannel(
  name: string,
  host: { readonly BroadcastChannel?: typeof BroadcastChannel } = globalThis,
): TabChannel {
  if (host.BroadcastChannel === undefined) return createNullChannel()
  const channel = new host.BroadcastChannel(name)
  keepNoProcessAlive(channel)
  let open = true
  return {
    name,
    // A closed channel throws on post; a message that nobody waits for any more is no failure.
    post(message) {
      if (open) channel.postMessage(message)
    },
    listen(listener) {
      const onMessage = (event: MessageEvent) => listener(event.data)
      channel.addEventListener('message', onMessage)
      return () => channel.removeEventListener('message', onMessage)
    },
    close() {
      open = false
      channel.close()
    },
  }
}

function createNullChannel(): TabChannel {
  return { silent: true, post: () => {}, listen: () => () => {}, close: () => {} }
}

/** In Node an open channel would keep the process from ending. */
function keepNoProcessAlive(channel: object) {
  if ('unref' in channel && typeof channel.unref === 'function') channel.unref()
}
