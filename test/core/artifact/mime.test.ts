import { expect, test } from 'vitest'
import { detectMime } from '../../../src/core/artifact/mime.ts'

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
const NOTHING = new Uint8Array()

test.each([
  ['json', 'application/json'],
  ['xml', 'application/xml'],
  ['txt', 'text/plain'],
  ['log', 'text/plain'],
  ['html', 'text/html'],
  ['js', 'text/javascript'],
  ['ts', 'text/typescript'],
  ['css', 'text/css'],
  ['md', 'text/markdown'],
  ['csv', 'text/csv'],
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['JPEG', 'image/jpeg'],
  ['gif', 'image/gif'],
  ['webp', 'image/webp'],
  ['svg', 'image/svg+xml'],
  ['pdf', 'application/pdf'],
  ['zip', 'application/zip'],
  ['wasm', 'application/wasm'],
  ['sqlite', 'application/vnd.sqlite3'],
])('AR6 the extension %s says %s', (extension, mime) => {
  expect(detectMime(`a.b.${extension}`, NOTHING)).toBe(mime)
})

test.each([
  ['\x89PNG\r\n\x1a\n rest', 'image/png'],
  ['\xff\xd8\xff\xe0', 'image/jpeg'],
  ['GIF87a', 'image/gif'],
  ['GIF89a', 'image/gif'],
  ['RIFF\x10\0\0\0WEBPVP8 ', 'image/webp'],
  ['%PDF-1.7', 'application/pdf'],
  ['PK\x03\x04', 'application/zip'],
  ['\0asm\x01\0\0\0', 'application/wasm'],
  ['SQLite format 3\0', 'application/vnd.sqlite3'],
])('AR6 the first bytes %j say %s, whatever the name says', (head, mime) => {
  expect(detectMime('thing', bytes(head))).toBe(mime)
  expect(detectMime('thing.txt', bytes(head))).toBe(mime)
})

test.each([
  ['<!DOCTYPE html><p>', 'text/html'],
  ['  <html lang="en">', 'text/html'],
  ['<svg xmlns="…">', 'image/svg+xml'],
  ['<?xml version="1.0"?>\n<!-- by hand -->\n<svg viewBox="0 0 1 1">', 'image/svg+xml'],
  ['<?xml version="1.0"?><feed>', 'application/xml'],
  ['plain words', 'text/plain'],
  ['RIFF\x10\x10\x10\x10WAVE', 'text/plain'],
])('AR6 without an extension, text that begins %j is %s', (text, mime) => {
  expect(detectMime('thing', new TextEncoder().encode(text))).toBe(mime)
})

test('AR6 an extension beats the beginning of text, and an unknown one says nothing', () => {
  const xml = bytes('<?xml version="1.0"?><feed>')
  expect(detectMime('feed.svg', xml)).toBe('image/svg+xml')
  expect(detectMime('feed.atom', xml)).toBe('application/xml')
})

test('AR6 what is neither known nor text is bytes', () => {
  expect(detectMime('thing', NOTHING)).toBe('application/octet-stream')
  expect(detectMime('thing', bytes('a\0b'))).toBe('application/octet-stream')
  expect(detectMime('thing', bytes('\xc3\x28'))).toBe('application/octet-stream')
})

test('AR6 text whose head ends within a character is still text', () => {
  const head = new TextEncoder().encode(`${'x'.repeat(511)}ä`).subarray(0, 512)
  expect(detectMime('thing', head)).toBe('text/plain')
})
