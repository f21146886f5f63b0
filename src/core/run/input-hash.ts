import type { Digest } from '../ports.ts'
import { canonicalText } from '../state/canonical.ts'
import type { StateValue } from '../state/value.ts'

/** What tells one input from another: SHA-256 over its canonical text, in hexadecimal digits. */
export async function hashInput(digest: Digest, input: StateValue): Promise<string> {
  const bytes = await digest.sha256(new TextEncoder().encode(canonicalText(input)))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
