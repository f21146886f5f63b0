import { type Line, MAX_LINE_BYTES } from './lines.ts'
import { createPieces } from './pieces.ts'

const NEWLINE = 0x0a
const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/**
 * Splits the bytes of one JSON array into its elements, holding one element at a time; each is given with the number
 * of the line it begins on. The elements are not parsed here.
 *
 * An element longer than `maxBytes` is given as broken and the next one is read. Where the array is never closed,
 * what is left is given as one broken element.
 */
export async function* readElements(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<Line, void> {
  const pieces = createPieces(maxBytes)
  let line = 1
  let opened = false
  let depth = 0
  let inString = false
  let escaped = false
  /** The line the present element began on; undefined between elements. */
  let begunOn: number | undefined

  for await (const chunk of source) {
    let start = 0
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at]
      if (byte === NEWLINE) line += 1
      if (inString) {
        if (escaped) escaped = false
        else if (byte === BACKSLASH) escaped = true
        else if (byte === QUOTE) inString = false
        continue
      }
      const closes = byte === CLOSE_BRACKET || byte === CLOSE_BRACE
      if (depth === 1 && (byte === COMMA || closes)) {
        if (begunOn !== undefined) {
          pieces.add(chunk.subarray(start, at))
          yield { number: begunOn, ...pieces.take() }
        }
        begunOn = undefined
        if (closes) depth = 0
        continue
      }
      if (!opened) {
        opened = byte === OPEN_BRACKET
        if (opened) depth = 1
        continue
      }
      if (isBlank(byte)) continue
      if (begunOn === undefined) {
        begunOn = line
        start = at
      }
      if (byte === QUOTE) inString = true
      else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) depth += 1
      else if (closes) depth -= 1
    }
    if (begunOn !== undefined) pieces.add(chunk.subarray(start))
  }
  if (depth > 0) yield { number: begunOn ?? line, broken: 'the array is not closed' }
  else if (begunOn !== undefined) yield { number: begunOn, broken: 'it stands after the end of the array' }
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === NEWLINE || byte === 0x0d || byte === 0x09
}
