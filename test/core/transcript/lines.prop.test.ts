import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readElements } from '../../../src/core/transcript/elements.ts'
import { readLines } from '../../../src/core/transcript/lines.ts'
import { collect } from './bytes.ts'

/** Text as chunks cut at these places, empty ones included. */
async function* cutAt(text: string, cuts: readonly number[]): AsyncGenerator<Uint8Array, void> {
  const bytes = new TextEncoder().encode(text)
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  let start = 0
  for (const end of places) {
    yield bytes.slice(start, end)
    start = end
  }
}

const cuts = fc.array(fc.nat(), { maxLength: 12 })

it('TC1 lines do not depend on where the chunks end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n\uFEFF]/g, '')),
        { maxLength: 8 },
      ),
      fc.boolean(),
      cuts,
      async (lines, windows, at) => {
        const found = await collect(readLines(cutAt(lines.join(windows ? '\r\n' : '\n'), at)))
        const expected = lines
          .map((text, index) => ({ number: index + 1, text }))
          .filter(({ text }) => text.trim() !== '')
        expect(found).toEqual(expected)
      },
    ),
    { numRuns: 300 },
  )
})

it('TC9 elements do not depend on where the chunks end, nor on how the array is written', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.jsonValue(), { maxLength: 6 }),
      fc.constantFrom(0, 1, 2),
      cuts,
      async (array, indent, at) => {
        const found = await collect(readElements(cutAt(JSON.stringify(array, null, indent), at)))
        expect(found.map((line) => 'text' in line && JSON.parse(line.text))).toEqual(
          JSON.parse(JSON.stringify(array)),
        )
      },
    ),
    { numRuns: 300 },
  )
})
