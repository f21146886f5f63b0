/** A worker of an app's own, with rates by kind of operation and an audit. */
import { serveHoldfast } from '../../worker/serve.ts'

serveHoldfast({
  builtIn: {
    rates: [
      { id: 'tools', of: ['step'], names: ['tool:*'], limit: 2 },
      { id: 'models', of: ['step'], names: ['agent:*'], limit: 1 },
      { id: 'each', per: 'session', of: ['state'], limit: 3 },
    ],
    trace: {
      sink: (entry) => new BroadcastChannel(self.name).postMessage(entry),
      points: ['session:save'],
    },
  },
  audit: {},
})
