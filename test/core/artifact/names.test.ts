import { expect, test } from 'vitest'
import { downloadName } from '../../../src/core/artifact/download-name.ts'
import { parseArtifactName } from '../../../src/core/artifact/names.ts'
import { HOSTILE_NAMES } from './hostile-names.ts'

test('AR1 a name is stored in its composed form', () => {
  expect(parseArtifactName('re\u0301sume\u0301.txt')).toBe('r\u00e9sum\u00e9.txt')
})

test.each([
  ['no text', 7, 'is not a string'],
  ['an empty name', '', 'is empty'],
  ['256 characters', 'x'.repeat(256), 'has 256 characters'],
  ['a line break', 'a\nb', 'holds a control character'],
  ['a null', 'a\0', 'holds a control character'],
  ['a C1 control', 'a\u0085b', 'holds a control character'],
  ['half a surrogate pair', 'a\ud800b', 'holds half a surrogate pair, which no text encoding can keep'],
])('AR1 %s is refused', (_what, name, reason) => {
  expect(() => parseArtifactName(name)).toThrow(
    expect.objectContaining({ code: 'INVALID_NAME', details: { path: 'name', reason } }),
  )
})

test('AR1 255 characters, pairs of surrogates and any other sign are taken', () => {
  for (const name of [
    'x'.repeat(255),
    '🛶.md',
    ' ',
    '../..',
    'a/b\\c:d',
    '<script>',
    "'; DROP TABLE artifacts; --",
  ]) {
    expect(parseArtifactName(name)).toBe(name)
  }
})

test('AR1 a name is measured as it is stored', () => {
  expect(parseArtifactName('e\u0301'.repeat(255))).toHaveLength(255)
})

test.each(HOSTILE_NAMES)('AR2 %s is data as a name and gives a harmless file name', (name) => {
  expect(parseArtifactName(name)).toBe(name)
  const safe = downloadName(name)
  expect(safe).toMatch(/^[^/\\:*?"<>|]+$/)
  expect(safe).not.toMatch(/^[. ]|[. ]$|\.\.|%2e|%2f/i)
})

test.each([
  ['../../../etc/passwd', 'etc_passwd'],
  ['C:\\Windows\\win.ini', 'C_Windows_win.ini'],
  ['%2e%2e%2fetc%2fpasswd', 'etc_passwd'],
  ['report.pdf', 'report.pdf'],
  ['100%.csv', '100%.csv'],
  ['v1..2.txt', 'v1..2.txt'],
  ['.env', 'env'],
  ['name. . ', 'name'],
  ['a<b>?.txt', 'a_b__.txt'],
  ['exe.\u202egpj', 'exe._gpj'],
  ['con', '_con'],
  ['NUL.txt', '_NUL.txt'],
  ['console.txt', 'console.txt'],
  ['com1.tar.gz', '_com1.tar.gz'],
  ['../..', 'artifact'],
  ['???', '___'],
  ['\u0000', '_'],
])('AR2 %j is saved as %j', (name, expected) => {
  expect(downloadName(name)).toBe(expected)
})

test('AR2 a file name has at most 255 bytes, and keeps its extension and whole characters', () => {
  const long = downloadName(`${'🛶'.repeat(100)}.json`)
  expect(new TextEncoder().encode(long).byteLength).toBeLessThanOrEqual(255)
  expect(long).toBe(`${'🛶'.repeat(62)}.json`)
  expect(downloadName(`a.${'x'.repeat(300)}`)).toHaveLength(255)
})
