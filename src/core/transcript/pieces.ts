/** Bytes gathered piece by piece until they are a whole line or element. */
export interface Pieces {
  add(bytes: Uint8Array): void
  /** Gives what was gathered as text, or the reason that it is none, and begins anew. */
  take(): { readonly text: string } | { readonly broken: string }
}

/** Holds at most `maxBytes`: of what is longer only its length is kept. */
export function createPieces(maxBytes: number): Pieces {
  // It also drops the byte order mark that some editors put at the start of a file.
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let pieces: Uint8Array[] = []
  let sizeBytes = 0

  return {
    add(bytes) {
      sizeBytes += bytes.length
      if (sizeBytes > maxBytes) pieces = []
      else if (bytes.length > 0) pieces.push(bytes)
    },
    take() {
      const taken = pieces
      const takenBytes = sizeBytes
      pieces = []
      sizeBytes = 0
      if (takenBytes > maxBytes) return { broken: `it is longer than ${maxBytes} bytes` }
      try {
        return { text: decoder.decode(join(taken, takenBytes)) }
      } catch {
        return { broken: 'it is not UTF-8 text' }
      }
    },
  }
}

function join(pieces: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const [only] = pieces
  if (pieces.length === 1 && only) return only
  const whole = new Uint8Array(sizeBytes)
  let offset = 0
  for (const piece of pieces) {
    whole.set(piece, offset)
    offset += piece.length
  }
  return whole
}
