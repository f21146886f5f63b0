/**
 * Calls back when a page is there again that the browser had frozen, or kept to be shown again: meanwhile the others have
 * taken it for gone. The function returned stops it.
 */
export function watchPageReturn(onReturn: () => void): () => void {
  if (typeof document === 'undefined') return () => {}
  const stopping = new AbortController()
  const { signal } = stopping
  document.addEventListener('resume', onReturn, { signal })
  addEventListener('pageshow', ({ persisted }) => persisted && onReturn(), { signal })
  return () => stopping.abort()
}
