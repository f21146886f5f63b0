import { assertGoing, type ByteSource } from './byte-source.ts'
import { regroup } from './regroup.ts'

/** Text is encoded in pieces of this many UTF-16 units. */
const PIECE_UNITS = 65_536

/** Text as UTF-8. Half a surrogate pair becomes U+FFFD, as everywhere on the web. */
export function textSource(text: string, signal: AbortSignal | undefined): ByteSource {
  return {
    sizeBytes: utf8Size(text),
    isRepeatable: true,
    mime: undefined,
    // A character has at most four bytes and at most two units.
    head: async (count) =>
      new TextEncoder().encode(text.slice(0, pieceEnd(text, 0, count))).subarray(0, count),
    chunks: (chunkBytes) => regroup(encodePieces(text, signal), chunkBytes),
    cancel: () => {},
  }
}

function* encodePieces(text: string, signal: AbortSignal | undefined): Generator<Uint8Array> {
  const encoder = new TextEncoder()
  for (let start = 0; start < text.length; ) {
    assertGoing(signal)
    const end = pieceEnd(text, start, PIECE_UNITS)
    yield encoder.encode(text.slice(start, end))
    start = end
  }
}

/** Where a piece ends without cutting a surrogate pair in two. */
function pieceEnd(text: string, start: number, units: number): number {
  const end = Math.min(start + units, text.length)
  const isPairCut = end < text.length && isHigh(text.charCodeAt(end - 1)) && isLow(text.charCodeAt(end))
  return isPairCut ? end + 1 : end
}

/** Size in UTF-8 without encoding: a text of 500 MB would need as much again. */
function utf8Size(text: string): number {
  let size = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) size += 1
    else if (unit < 0x800) size += 2
    else if (isHigh(unit) && isLow(text.charCodeAt(i + 1))) {
      size += 4
      i += 1
    } else size += 3
  }
  return size
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}
