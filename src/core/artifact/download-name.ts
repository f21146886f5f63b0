/** What most file systems take as one name, in bytes of UTF-8. */
const MAX_BYTES = 255
const MAX_EXTENSION_CHARACTERS = 16

/** Separators of any system, and escapes that some program on the way might undo. */
const SEPARATORS = /[/\\:]|%[0-9a-f]{2}/giu
/** What Windows refuses in a name, and what is not seen or turns the text around (`gpj.exe` shown as `exe.jpg`). */
const REFUSED = /[*?"<>|]|\p{C}|[\u2028\u2029]/gu
const ONLY_DOTS = /^[. ]*$/u
const EDGES = /^[. ]+|[. ]+$/gu
/** Names that Windows gives to devices, whatever their extension. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/iu

/**
 * A name under which an artifact's bytes can be saved on any system: one file, never a path, never hidden, never a
 * device. An artifact's own name is data and may be anything; `../../etc/passwd` is saved as `etc_passwd`.
 */
export function downloadName(name: string): string {
  const segments = name.split(SEPARATORS).filter((segment) => !ONLY_DOTS.test(segment))
  const joined = segments.join('_').replace(REFUSED, '_').replace(EDGES, '')
  if (joined === '') return 'artifact'
  return shorten(DEVICE.test(joined) ? `_${joined}` : joined)
}

/** Cuts the name before its extension, so that the file still opens with the right program. */
function shorten(name: string): string {
  if (sizeOf(name) <= MAX_BYTES) return name
  const dot = name.lastIndexOf('.')
  const extension = dot > 0 && name.length - dot <= MAX_EXTENSION_CHARACTERS ? name.slice(dot) : ''
  const room = MAX_BYTES - sizeOf(extension)
  let stem = ''
  let used = 0
  for (const character of name.slice(0, name.length - extension.length)) {
    used += sizeOf(character)
    if (used > room) break
    stem += character
  }
  return stem + extension
}

function sizeOf(text: string): number {
  return new TextEncoder().encode(text).byteLength
}
