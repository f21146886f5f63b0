/** How many first bytes `detectMime` looks at. */
export const MIME_HEAD_BYTES = 512

const FALLBACK = 'application/octet-stream'

const MIME_BY_EXTENSION: ReadonlyMap<string, string> = new Map([
  ['json', 'application/json'],
  ['xml', 'application/xml'],
  ['txt', 'text/plain'],
  ['log', 'text/plain'],
  ['html', 'text/html'],
  ['htm', 'text/html'],
  ['css', 'text/css'],
  ['js', 'text/javascript'],
  ['mjs', 'text/javascript'],
  // The registered type of `.ts` is a video's; nobody means that here.
  ['ts', 'text/typescript'],
  ['md', 'text/markdown'],
  ['csv', 'text/csv'],
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['gif', 'image/gif'],
  ['webp', 'image/webp'],
  ['svg', 'image/svg+xml'],
  ['pdf', 'application/pdf'],
  ['zip', 'application/zip'],
  ['wasm', 'application/wasm'],
  ['sqlite', 'application/vnd.sqlite3'],
  ['sqlite3', 'application/vnd.sqlite3'],
  ['db', 'application/vnd.sqlite3'],
])

interface Signature {
  readonly mime: string
  readonly text: string
  /** A second mark further on, where the first one alone is shared by several formats. */
  readonly and?: { readonly at: number; readonly text: string }
}

/** First bytes, one character a byte. */
const SIGNATURES: readonly Signature[] = [
  { mime: 'image/png', text: '\x89PNG\r\n\x1a\n' },
  { mime: 'image/jpeg', text: '\xff\xd8\xff' },
  { mime: 'image/gif', text: 'GIF87a' },
  { mime: 'image/gif', text: 'GIF89a' },
  { mime: 'image/webp', text: 'RIFF', and: { at: 8, text: 'WEBP' } },
  { mime: 'application/pdf', text: '%PDF-' },
  { mime: 'application/zip', text: 'PK\x03\x04' },
  { mime: 'application/zip', text: 'PK\x05\x06' },
  { mime: 'application/wasm', text: '\0asm' },
  { mime: 'application/vnd.sqlite3', text: 'SQLite format 3\0' },
]

const MARKUP: readonly (readonly [RegExp, string])[] = [
  [/^(?:<!doctype html|<html[\s>])/i, 'text/html'],
  [/^(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*|<!doctype svg[^>]*>\s*)*<svg[\s>]/i, 'image/svg+xml'],
  [/^<\?xml[\s?]/i, 'application/xml'],
]

/**
 * Says what bytes are: by the marks of well-known binary formats, else by the name's extension, else by how text
 * begins. Marks come first because a name is only what somebody wrote; text comes last because many formats begin alike.
 */
export function detectMime(name: string, head: Uint8Array): string {
  return byMark(head) ?? byExtension(name) ?? byText(head)
}

function byMark(head: Uint8Array): string | undefined {
  return SIGNATURES.find(
    ({ text, and }) => holds(head, 0, text) && (and === undefined || holds(head, and.at, and.text)),
  )?.mime
}

function holds(head: Uint8Array, at: number, text: string): boolean {
  if (head.byteLength < at + text.length) return false
  for (let i = 0; i < text.length; i++) if (head[at + i] !== text.charCodeAt(i)) return false
  return true
}

function byExtension(name: string): string | undefined {
  const dot = name.lastIndexOf('.')
  return dot < 0 ? undefined : MIME_BY_EXTENSION.get(name.slice(dot + 1).toLowerCase())
}

function byText(head: Uint8Array): string {
  const text = readText(head)
  if (text === undefined) return FALLBACK
  const start = text.trimStart()
  return MARKUP.find(([beginning]) => beginning.test(start))?.[1] ?? 'text/plain'
}

/** The head as UTF-8; undefined for what is not text. */
function readText(head: Uint8Array): string | undefined {
  if (head.byteLength === 0 || head.includes(0)) return undefined
  try {
    // As part of a stream, so that a character cut off at the head's end is no error.
    return new TextDecoder('utf-8', { fatal: true }).decode(head.subarray(0, MIME_HEAD_BYTES), {
      stream: true,
    })
  } catch {
    return undefined
  }
}
