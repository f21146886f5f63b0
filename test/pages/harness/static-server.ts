import { createReadStream, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { extname, join, normalize, sep } from 'node:path'
import { text } from 'node:stream/consumers'

/** What every page of the tests is served with: nothing from elsewhere, no inline script, workers of its own only. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
].join('; ')

const MIME_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
}

/** A folder on the loopback address. */
export interface Site extends AsyncDisposable {
  readonly origin: string
  /** Refuses connections from now on, and cuts the open ones. */
  stop(): Promise<void>
  /** Answers again at the same address. */
  start(): Promise<void>
}

/**
 * Serves a folder at a free port, with the right types and a strict policy.
 * @param beside other folders by the path that they are served under, as `/old/`
 * @param receive gets what a page posts, when all of it has come: what it says outlives the page
 * @param cacheControl a page that must not be stored is not kept in a browser's back-forward cache either
 */
export async function serveFolder(
  folder: string,
  beside: Readonly<Record<string, string>> = {},
  receive?: (text: string) => void,
  cacheControl: 'no-store' | 'no-cache' = 'no-store',
): Promise<Site> {
  const server = createServer((request, response) => {
    const url = request.url ?? '/'
    const path = Object.keys(beside).find((prefix) => url.startsWith(prefix))
    if (request.method === 'POST' && receive !== undefined) void take(request, response, receive)
    else if (path === undefined) answer(folder, url, response, cacheControl)
    else answer(beside[path] ?? folder, url.slice(path.length - 1), response, cacheControl)
  })
  let port = 0

  async function start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
    const address = server.address()
    if (address !== null && typeof address === 'object') port = address.port
  }

  async function stop(): Promise<void> {
    if (!server.listening) return
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }

  await start()
  return { origin: `http://127.0.0.1:${port}`, start, stop, [Symbol.asyncDispose]: stop }
}

async function take(
  request: IncomingMessage,
  response: ServerResponse,
  receive: (text: string) => void,
): Promise<void> {
  try {
    receive(await text(request))
    response.writeHead(204).end()
  } catch {
    // The page was killed in the middle of its words.
    response.destroy()
  }
}

function answer(folder: string, url: string, response: ServerResponse, cacheControl: string): void {
  const { pathname } = new URL(url, 'http://127.0.0.1')
  const path = normalize(
    join(folder, decodeURIComponent(pathname.endsWith('/') ? `${pathname}index.html` : pathname)),
  )
  if (!path.startsWith(folder + sep) || !isFile(path)) {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('There is no such file.')
    return
  }
  response.writeHead(200, {
    'Content-Type': MIME_TYPES[extname(path)] ?? 'application/octet-stream',
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'Cache-Control': cacheControl,
  })
  createReadStream(path).pipe(response)
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
