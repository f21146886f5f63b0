/**
 * Calls back when the page may be about to go: hidden, or left. Both, because mobile browsers end hidden pages without
 * another event. The function returned stops it.
 */
export function watchPageLife(onLeaving: () => void): () => void {
  if (typeof document === 'undefined') return () => {}
  const stopping = new AbortController()
  const { signal } = stopping
  // A microtask later, so that what the app's own listeners write goes first.
  const leave = () => queueMicrotask(onLeaving)
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && leave(), {
    signal,
  })
  addEventListener('pagehide', leave, { signal })
  return () => stopping.abort()
}
