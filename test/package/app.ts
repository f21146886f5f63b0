import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { root } from '../../scripts/report.mjs'
import { manifestIn, packPackage } from './pack.ts'

/** An app that has the packed package in its `node_modules`, as an installation would leave it. */
export interface PackagedApp {
  readonly folder: string
  write(path: string, text: string): void
}

/** Removed after the test. */
export async function makeApp(files: Readonly<Record<string, string>>): Promise<PackagedApp> {
  const installed = await packPackage()
  // Not a link: bundlers treat linked packages as sources of the app's own.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-app-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(installed, join(folder, 'node_modules/holdfast'), { recursive: true })
  for (const name of Object.keys(manifestIn(installed).dependencies))
    cpSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), { recursive: true })

  const app: PackagedApp = {
    folder,
    write(path, text) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    },
  }
  app.write('package.json', JSON.stringify({ name: 'app', private: true, type: 'module' }))
  for (const [path, text] of Object.entries(files)) app.write(path, text)
  return app
}

/** A page that shows one line, at the end of its work. */
export const PAGE = `<!doctype html>
<meta charset="utf-8" />
<title>App</title>
<link rel="icon" href="data:," />
<output></output>
<script type="module" src="./main.js"></script>
`

/**
 * What {@link PAGE} does: its first visit makes a session with state and an artifact, the next ones read both.
 * @param from what the page imports the package by
 * @param options beside the name, as source text
 */
export function pageScript(from: string, options = ''): string {
  return `import { openHoldfast } from '${from}'

async function visit() {
  const holdfast = await openHoldfast({ name: 'app', ${options} })
  const before = holdfast.sessions.current.get()
  if (before === null) {
    const session = await holdfast.sessions.create({ name: 'First' })
    await session.state.set('theme', 'dark')
    await session.artifacts.store({ name: 'note.txt', content: 'kept' })
    holdfast.sessions.current.set(session)
    return 'stored'
  }
  const session = await holdfast.sessions.open(before)
  const note = await session.artifacts.get({ name: 'note.txt' })
  const refused = await session.artifacts
    .store({ name: 'large.txt', content: 'x'.repeat(2_000) })
    .then(() => 'nothing', (error) => error.code)
  return [session.info.name, session.state.get('theme'), await note.text(), 'refused: ' + refused].join(', ')
}

const line = await visit().catch((error) => error.code + ' ' + error.message)
document.querySelector('output').textContent = line
`
}

/** A worker of the app's own, whose hook refuses what is above 1,000 bytes. */
export const OWN_WORKER = `import { defineHook, serveHoldfast } from 'holdfast/worker'

serveHoldfast({
  hooks: [
    defineHook({
      id: 'size-limit',
      version: 1,
      point: 'artifact:store',
      stage: 'before',
      run: ({ sizeBytes = 0 }) => (sizeBytes > 1_000 ? { kind: 'cancel', reason: 'too big' } : undefined),
    }),
  ],
})
`
