import type { Digest } from '../ports.ts'
import { toHex } from './hex.ts'

const BLOCK_BYTES = 64

/** HMAC-SHA-256 (RFC 2104) over the digest port, as hexadecimal digits. */
export async function hmacSha256(digest: Digest, key: Uint8Array, message: Uint8Array): Promise<string> {
  const block = new Uint8Array(BLOCK_BYTES)
  block.set(key.byteLength > BLOCK_BYTES ? await digest.sha256(key) : key)
  const inner = await digest.sha256(joined(block, 0x36, message))
  return toHex(await digest.sha256(joined(block, 0x5c, inner)))
}

function joined(block: Uint8Array, pad: number, message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(BLOCK_BYTES + message.byteLength)
  bytes.set(block.map((byte) => byte ^ pad))
  bytes.set(message, BLOCK_BYTES)
  return bytes
}
