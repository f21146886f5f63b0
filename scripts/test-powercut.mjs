// `npm run test:powercut [-- chromium firefox webkit] [--rounds=3]`: the power cut in the middle of writing, as a browser
// sees it that finds its disk as it was at that moment.
import { parseArgs } from 'node:util'
import { runOnOwnDisk } from './own-disk.mjs'

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '3' } },
  allowPositionals: true,
})
await runOnOwnDisk({ file: 'power-cut', what: 'A power cut', words: positionals, rounds: values.rounds })
