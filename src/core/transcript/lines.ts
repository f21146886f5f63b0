import { createPieces } from './pieces.ts'

/** A line, or an element of a JSON array, longer than this is broken. Transcripts hold images in base64, so some megabytes are normal. */
export const MAX_LINE_BYTES = 32 * 1024 * 1024

/** A line of text, or the reason that it could not be read. Numbers begin at 1 and count blank lines. */
export type Line =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly broken: string }

const NEWLINE = 0x0a

/**
 * Splits bytes into lines, holding one line at a time. Blank lines are counted and left out.
 *
 * The split is made on bytes, so a character that lies across two chunks is whole again before it is decoded.
 * A line that is not UTF-8, or longer than `maxLineBytes`, is given as broken and the next one is read.
 */
export async function* readLines(
  source: AsyncIterable<Uint8Array>,
  maxLineBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<Line, void> {
  const pieces = createPieces(maxLineBytes)
  let number = 0

  function take(): Line | undefined {
    number += 1
    const taken = pieces.take()
    if ('broken' in taken) return { number, broken: taken.broken }
    const text = taken.text.endsWith('\r') ? taken.text.slice(0, -1) : taken.text
    return text.trim() === '' ? undefined : { number, text }
  }

  for await (const chunk of source) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      pieces.add(chunk.subarray(start, end))
      start = end + 1
      const line = take()
      if (line) yield line
    }
    pieces.add(chunk.subarray(start))
  }
  const last = take()
  if (last) yield last
}
