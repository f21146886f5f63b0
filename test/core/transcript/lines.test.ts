import { describe, expect, it } from 'vitest'
import { MAX_LINE_BYTES, readLines } from '../../../src/core/transcript/lines.ts'
import { chunksOf, collect } from './bytes.ts'

const texts = async (text: string | Uint8Array, size?: number) =>
  (await collect(readLines(chunksOf(text, size)))).map((line) => ('text' in line ? line.text : line))

describe('lines of a transcript', () => {
  it('TC1 characters cut by a chunk border are whole, wherever the border falls', async () => {
    const text = 'naïve\n漢字 🛶\r\nlast'
    for (let size = 1; size <= 24; size += 1)
      expect(await texts(text, size)).toEqual(['naïve', '漢字 🛶', 'last'])
  })

  it('TC1 blank lines are left out and counted; a missing last newline and a byte order mark do no harm', async () => {
    expect(await collect(readLines(chunksOf('\uFEFFa\n\n \r\nb')))).toEqual([
      { number: 1, text: 'a' },
      { number: 4, text: 'b' },
    ])
    expect(await collect(readLines(chunksOf('a\n')))).toEqual([{ number: 1, text: 'a' }])
    expect(await collect(readLines(chunksOf('')))).toEqual([])
  })

  it('TC2 a line that is not UTF-8 is broken, and the lines around it are read', async () => {
    const bytes = new Uint8Array([0x61, 0x0a, 0xff, 0xfe, 0x0a, 0xc3, 0xa4])
    for (const size of [1, 2, 7]) {
      expect(await texts(bytes, size)).toEqual(['a', { number: 2, broken: 'it is not UTF-8 text' }, 'ä'])
    }
  })

  it('TC2 a line above the limit is broken, and the next one is read', async () => {
    const lines = await collect(readLines(chunksOf(`ok\n${'x'.repeat(5_000)}\nend`, 100), 4_999))
    expect(lines).toEqual([
      { number: 1, text: 'ok' },
      { number: 2, broken: 'it is longer than 4999 bytes' },
      { number: 3, text: 'end' },
    ])
    expect(await texts(`${'x'.repeat(5_000)}`, 100)).toEqual(['x'.repeat(5_000)])
    expect(MAX_LINE_BYTES).toBe(32 * 1024 * 1024)
  })

  it('TC1 reading is as slow as the reader: a line is given before the next chunk is asked for', async () => {
    let asked = 0
    async function* source() {
      for (const text of ['one\n', 'two\n', 'three\n']) {
        asked += 1
        yield new TextEncoder().encode(text)
      }
    }
    const lines = readLines(source())
    await lines.next()
    expect(asked).toBe(1)
    await lines.next()
    expect(asked).toBe(2)
  })
})
