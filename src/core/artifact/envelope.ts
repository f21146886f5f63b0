/**
 * What every stored byte string begins with: version, codec, and the id of the key it is sealed with (empty for plain
 * bytes). A reader needs nothing else to know how to open it, so a codec or a key can change without rewriting rows.
 *
 * byte 0: version (1) · byte 1: codec (0 raw, 1 deflate-raw) · byte 2: length of the key id · key id in UTF-8 · payload
 */
import { createError, type HoldfastError } from '../errors.ts'
import type { Codec } from './record.ts'

const VERSION = 1
const FIXED_BYTES = 3
const MAX_KEY_ID_BYTES = 255

const CODECS = ['raw', 'deflate-raw'] as const satisfies readonly Codec[]

export interface Envelope {
  readonly codec: Codec
  /** '' for bytes that are not sealed. */
  readonly keyId: string
  readonly payload: Uint8Array
}

/** The bytes to store. */
export function packEnvelope({ codec, keyId, payload }: Envelope): Uint8Array {
  const key = new TextEncoder().encode(keyId)
  if (key.byteLength > MAX_KEY_ID_BYTES) {
    throw createError(
      'INVALID_ARGUMENT',
      `A key id has ${key.byteLength} bytes; the envelope takes ${MAX_KEY_ID_BYTES}.`,
      {
        path: 'keyId',
      },
    )
  }
  const bytes = new Uint8Array(FIXED_BYTES + key.byteLength + payload.byteLength)
  bytes[0] = VERSION
  bytes[1] = CODECS.indexOf(codec)
  bytes[2] = key.byteLength
  bytes.set(key, FIXED_BYTES)
  bytes.set(payload, FIXED_BYTES + key.byteLength)
  return bytes
}

/**
 * Reads what {@link packEnvelope} made. The payload is a view, not a copy.
 *
 * @throws CONTENT_DAMAGED with `{ reason }` for anything else.
 */
export function openEnvelope(bytes: Uint8Array): Envelope {
  const [version, codecIndex, keyIdBytes] = bytes
  if (version === undefined || codecIndex === undefined || keyIdBytes === undefined)
    throw damaged('it is too short')
  if (version !== VERSION) throw damaged(`its version is ${version}`)
  const codec = CODECS[codecIndex]
  if (codec === undefined) throw damaged(`its codec is ${codecIndex}`)
  const payloadAt = FIXED_BYTES + keyIdBytes
  if (bytes.byteLength < payloadAt) throw damaged('its key id is cut off')
  const keyId = new TextDecoder().decode(bytes.subarray(FIXED_BYTES, payloadAt))
  return { codec, keyId, payload: bytes.subarray(payloadAt) }
}

function damaged(reason: string): HoldfastError {
  return createError(
    'CONTENT_DAMAGED',
    `Stored bytes have an envelope this version cannot read: ${reason}.`,
    { reason },
  )
}
