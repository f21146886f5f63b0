/** A worker of the app's own: its hooks gate every tab that runs this build. */
import { defineHook, serveHoldfast } from 'holdfast/worker'

const sizeLimit = defineHook({
  id: 'size-limit',
  version: 1,
  point: 'artifact:store',
  stage: 'before',
  run: ({ sizeBytes = 0 }) => (sizeBytes > 1_000 ? { kind: 'cancel', reason: 'too big' } : undefined),
})

serveHoldfast({ hooks: [sizeLimit] })
