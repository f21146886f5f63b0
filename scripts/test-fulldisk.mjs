// `npm run test:fulldisk [-- chromium firefox webkit] [--rounds=2]`: a disk that is full to the last byte while a page
// writes, and has room again later.
import { parseArgs } from 'node:util'
import { runOnOwnDisk } from './own-disk.mjs'

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '2' } },
  allowPositionals: true,
})
await runOnOwnDisk({ file: 'full-disk', what: 'A full disk', words: positionals, rounds: values.rounds })
