import { describe, expect, it } from 'vitest'
import { readElements } from '../../../src/core/transcript/elements.ts'
import { chunksOf, collect } from './bytes.ts'

const texts = async (text: string, size?: number, maxBytes?: number) =>
  (await collect(readElements(chunksOf(text, size), maxBytes))).map((line) =>
    'text' in line ? line.text.trim() : line,
  )

describe('elements of a JSON array', () => {
  it('TC9 elements are found wherever a chunk ends', async () => {
    const array = [{ a: 'x]}",\\' }, [1, [2]], 'te"xt,', 12.5, null, { b: { c: ['🛶'] } }]
    const text = JSON.stringify(array, null, 1)
    for (let size = 1; size <= 40; size += 1) {
      expect((await texts(text, size)).map((element) => JSON.parse(String(element)))).toEqual(array)
    }
    expect(await texts('[]')).toEqual([])
    expect(await texts('\uFEFF [1]')).toEqual(['1'])
  })

  it('TC9 each element has the number of the line it begins on', async () => {
    const found = await collect(readElements(chunksOf('[\n{"a":\n1}, 2,\n\n3 ]\n')))
    expect(found.map((line) => line.number)).toEqual([2, 3, 5])
  })

  it('TC9 an element above the limit is broken, and the next one is read', async () => {
    expect(await texts('[1,"xxxxxxxxxx",2]', 3, 8)).toEqual([
      '1',
      { number: 1, broken: 'it is longer than 8 bytes' },
      '2',
    ])
  })

  it('TC9 an array that is not closed, and what stands after its end, are broken', async () => {
    expect(await texts('[1,\n{"a":')).toEqual(['1', { number: 2, broken: 'the array is not closed' }])
    expect(await texts('[1,\n')).toEqual(['1', { number: 2, broken: 'the array is not closed' }])
    expect(await texts('[1]\nx')).toEqual([
      '1',
      { number: 2, broken: 'it stands after the end of the array' },
    ])
    expect(await texts('[1] \n')).toEqual(['1'])
  })
})
