// `npm run test:soak [-- <seconds>]`: tabs opened and closed at random for two minutes, and the history checked.
import { join } from 'node:path'
import { ensureChromium, installCommand } from './chromium.mjs'
import { ensurePackages } from './packages.mjs'
import { fail, root, show } from './report.mjs'

const SECONDS = '120'

await ensurePackages()
if (ensureChromium() === undefined) fail(`This test needs Chromium. Install it with\n\n  ${installCommand()}`)
process.exitCode = await show(
  process.execPath,
  [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'pages', 'test/pages/chaos/'],
  { env: { ...process.env, HOLDFAST_CHAOS_SECONDS: process.argv[2] ?? SECONDS } },
)
