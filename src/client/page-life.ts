import type { PageLife } from '../protocol/messages.ts'

/**
 * Calls back when the page may be about to go, or to be frozen, and when it is there again. Mobile browsers end hidden
 * pages without another event, and a page that was left may come back as it was, from the browser's cache. The function
 * returned stops it.
 */
export function watchPageLife(onChange: (life: PageLife) => void): () => void {
  if (typeof document === 'undefined') return () => {}
  const stopping = new AbortController()
  const { signal } = stopping
  // A microtask later, so that what the app's own listeners write goes first.
  const tell = (life: PageLife) => queueMicrotask(() => onChange(life))
  const isHidden = () => document.visibilityState === 'hidden'
  document.addEventListener('visibilitychange', () => tell(isHidden() ? 'hidden' : 'shown'), { signal })
  document.addEventListener('freeze', () => tell('frozen'), { signal })
  document.addEventListener('resume', () => tell('shown'), { signal })
  addEventListener('pagehide', () => tell('frozen'), { signal })
  addEventListener('pageshow', ({ persisted }) => persisted && tell('shown'), { signal })
  return () => stopping.abort()
}
