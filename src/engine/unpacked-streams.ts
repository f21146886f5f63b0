import type { StreamId } from '../core/ids.ts'
import type { Log } from '../core/ports.ts'

/** Streams looked up in one reading transaction, which a write has to wait for. */
const STREAMS_AT_ONCE = 64

/** All streams with rows outside segments, and how many these are. */
export async function* unpackedStreams(
  log: Pick<Log, 'unpacked'>,
): AsyncGenerator<{ readonly stream: StreamId; readonly rows: number }> {
  for (let after: StreamId | undefined; ; ) {
    const from = after === undefined ? {} : { after }
    const streams = await log.unpacked({ limit: STREAMS_AT_ONCE, ...from })
    yield* streams
    after = streams.at(-1)?.stream
    if (after === undefined || streams.length < STREAMS_AT_ONCE) return
  }
}
