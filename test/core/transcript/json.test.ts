import { expect, it } from 'vitest'
import { parseJson } from '../../../src/core/transcript/json.ts'

const read = (text: string) => {
  const parsed = parseJson(text)
  return parsed.ok ? parsed.value : parsed.reason
}

it.each<[string, unknown]>([
  ['{"id": 12345678901234567890}', { id: '12345678901234567890' }],
  ['[-9007199254740993,9007199254740993]', ['-9007199254740993', '9007199254740993']],
  ['9007199254740993', '9007199254740993'],
  ['[9007199254740992, 9007199254740991, 1152921504606846976]', [2 ** 53, 2 ** 53 - 1, 2 ** 60]],
  ['[0.12345678901234567, 1.2345678901234567e20]', [0.12345678901234566, 1.2345678901234567e20]],
  ['{"a\\" 9007199254740993":"9007199254740993\\\\"}', { 'a" 9007199254740993': '9007199254740993\\' }],
  [`[${'9'.repeat(400)}]`, ['9'.repeat(400)]],
  ['[09007199254740993]', 'it is not JSON'],
])('TC27 %s is read without changing an integer', (text, value) => {
  expect(read(text)).toEqual(value)
})
