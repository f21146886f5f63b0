// `npm run test:yjs [-- <rounds> [<edits>]]`: the randomised suite of Yjs over the transport of documents, for longer than in
// the tests. A seed that fails is in the name of its test; YJS_SEED=<seed> runs it again.
import { join } from 'node:path'
import { root, show } from './report.mjs'

const [rounds = '200', edits = '300'] = process.argv.slice(2)
process.exitCode = await show(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--project',
    'node-alone',
    'test/adapters/yjs/suite.test.ts',
  ],
  { env: { ...process.env, YJS_ROUNDS: rounds, YJS_EDITS: edits } },
)
