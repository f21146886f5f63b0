// `npm start`: builds the demo and serves it on this machine alone, straight after a clone.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePackages } from './packages.mjs'
import { fail, root } from './report.mjs'

const demo = join(root, 'demo')
const port = Number(process.env.PORT ?? 4173)

await ensurePackages()
if (!existsSync(join(demo, 'index.html'))) fail('There is no demo to start: demo/index.html is missing.')
const { build, preview } = await import('vite')

console.log('Building the demo.')
await build({ root: demo, logLevel: 'warn' }).catch((error) =>
  fail(`The demo could not be built: ${error.message}`),
)

// A taken port is no reason to stop: the next free one is used, and printed.
const server = await preview({ root: demo, logLevel: 'warn', preview: { host: '127.0.0.1', port } }).catch(
  (error) => fail(`The demo could not be served: ${error.message}`),
)
console.log(`\nThe Holdfast demo runs at ${server.resolvedUrls?.local[0]}`)
console.log('Its sessions live in your browser; nothing leaves this machine. Ctrl+C stops it.')
