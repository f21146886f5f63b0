/** The first buffer; it doubles up to the size of a chunk, so that little content costs little. */
const FIRST_BUFFER_BYTES = 16_384

/** Puts pieces of any size together to chunks of exactly `chunkBytes`, of which the last may be shorter; none for no bytes. */
export async function* regroup(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  chunkBytes: number,
): AsyncGenerator<Uint8Array> {
  let buffer = new Uint8Array(Math.min(FIRST_BUFFER_BYTES, chunkBytes))
  let filled = 0
  for await (const piece of pieces) {
    for (let at = 0; at < piece.byteLength; ) {
      const part = piece.subarray(at, at + chunkBytes - filled)
      if (filled + part.byteLength > buffer.byteLength)
        buffer = grown(buffer, filled + part.byteLength, chunkBytes)
      buffer.set(part, filled)
      at += part.byteLength
      filled += part.byteLength
      if (filled < chunkBytes) continue
      yield buffer
      buffer = new Uint8Array(chunkBytes)
      filled = 0
    }
  }
  if (filled > 0) yield buffer.slice(0, filled)
}

function grown(buffer: Uint8Array, atLeast: number, atMost: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.min(Math.max(buffer.byteLength * 2, atLeast), atMost))
  larger.set(buffer)
  return larger
}
