/** The packaged worker, with a clock that a test puts forward over the channel of the worker's name. */
import { serveHoldfast } from '../../worker/serve.ts'

const now = Date.now
let aheadMs = 0
Date.now = () => now() + aheadMs

const channel = new BroadcastChannel(self.name)
channel.onmessage = ({ data }: MessageEvent<number>) => {
  aheadMs += data
  channel.postMessage('moved')
}

serveHoldfast()
