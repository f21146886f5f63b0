import { expect, test } from 'vitest'
import { parseChanges, parseDraft } from '../../../src/core/artifact/fields.ts'
import type { ArtifactDraft } from '../../../src/core/hook/definition.ts'

const DRAFT: ArtifactDraft = {
  name: 'a.txt',
  kind: 'tool_result',
  mime: 'text/plain; charset=utf-8',
  description: 'what it is',
  tags: ['raw'],
  metadata: { rows: 3, nested: { deep: [1, null] } },
}

test('AR5 a draft that says all is taken as it is', () => {
  expect(parseDraft(DRAFT)).toEqual(DRAFT)
})

test('AR5 tags are composed and without repeats, kinds may be of the app', () => {
  const parsed = parseDraft({ ...DRAFT, kind: 'chart', tags: ['e\u0301', '\u00e9', 'b'] })
  expect(parsed.tags).toEqual(['\u00e9', 'b'])
  expect(parsed.kind).toBe('chart')
})

const list = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`)

test.each<[string, Record<string, unknown>, string]>([
  ['an empty name', { name: '' }, 'name'],
  ['an empty kind', { kind: '' }, 'kind'],
  ['a kind of 65 characters', { kind: 'k'.repeat(65) }, 'kind'],
  ['a kind that is no text', { kind: 4 }, 'kind'],
  ['a MIME type without a slash', { mime: 'text' }, 'mime'],
  ['a MIME type with a line break', { mime: 'text/plain\r\nx: y' }, 'mime'],
  ['a MIME type of 256 characters', { mime: `text/${'p'.repeat(251)}` }, 'mime'],
  ['a description of 4,097 characters', { description: 'd'.repeat(4097) }, 'description'],
  ['a description with half a surrogate pair', { description: 'a\ud800b' }, 'description'],
  ['a description that is no text', { description: null }, 'description'],
  ['tags that are no list', { tags: 'raw' }, 'tags'],
  ['65 tags', { tags: list(65) }, 'tags'],
  ['an empty tag', { tags: ['a', ''] }, 'tags.1'],
  ['a tag of 65 characters', { tags: ['t'.repeat(65)] }, 'tags.0'],
  ['a tag with a control character', { tags: ['a\u0007'] }, 'tags.0'],
  ['metadata that is no object', { metadata: ['a'] }, 'metadata'],
  ['metadata of bytes', { metadata: new Uint8Array(1) }, 'metadata'],
  ['metadata with a function', { metadata: { f: () => 1 } }, 'metadata.f'],
  ['metadata of more than 16 KB', { metadata: { text: 'm'.repeat(16_384) } }, 'metadata'],
])('AR5 %s is refused by its path', (_what, change, path) => {
  expect(() => parseDraft({ ...DRAFT, ...change })).toThrow(
    expect.objectContaining({ details: expect.objectContaining({ path }) }),
  )
})

test('AR5 what is at the limits is taken', () => {
  const metadata = { text: 'm'.repeat(16_384 - 2 - 6 - 2) }
  const draft = { ...DRAFT, kind: 'k'.repeat(64), tags: list(64), description: 'd'.repeat(4096), metadata }
  expect(parseDraft(draft)).toEqual(draft)
})

test('AR5 scripts and commands are stored as they are', () => {
  const metadata = { xss: '<script>alert(1)</script>', sql: "'; DROP TABLE x; --", shell: '$(rm -rf /)' }
  expect(parseDraft({ ...DRAFT, metadata }).metadata).toEqual(metadata)
})

test('AR13 an edit keeps what it does not name, and names something', () => {
  expect(parseChanges({ tags: ['a', 'a'] })).toEqual({ tags: ['a'] })
  expect(parseChanges({ description: '' })).toEqual({ description: '' })
  expect(() => parseChanges({})).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  expect(() => parseChanges({ metadata: { when: new Date() } } as never)).toThrow(
    expect.objectContaining({
      code: 'INVALID_VALUE',
      details: expect.objectContaining({ path: 'metadata.when' }),
    }),
  )
})
