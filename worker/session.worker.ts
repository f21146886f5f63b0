/**
 * The packaged worker's entry: nothing but a start, and imported by nothing. WebKit runs a worker's entry once more when a
 * module that is loaded later imports it, and a second gate would tell every page that it has not said hello. Bundlers put
 * what an entry imports into it; what it loads has a file of its own.
 */
const early: MessageEvent[] = []
const keep = (event: MessageEvent) => early.push(event)

addEventListener('message', keep)
import('./serve-packaged.ts')
  .then(({ servePackaged }) => {
    removeEventListener('message', keep)
    servePackaged()
    for (const { data, ports } of early)
      dispatchEvent(new MessageEvent('message', { data, ports: [...ports] }))
  })
  // The page hears of it as of any worker whose script cannot be run.
  .catch((error: unknown) => reportError(error))
