import * as Y from 'yjs'
import { createError, type HoldfastError, isHoldfastError } from '../core/errors.ts'

/** What a v1 update holds. */
export interface UpdateContent {
  readonly structs: readonly Struct[]
  readonly deletions: readonly Deletion[]
}

export type Struct = ReturnType<typeof Y.decodeUpdate>['structs'][number]

/** Clocks of one client that an update deletes. */
export interface Deletion {
  readonly client: number
  readonly clock: number
  readonly length: number
}

/**
 * Reads a v1 update without applying it.
 * @param most how many structs and deletions are read at most: two bytes can stand for one of a hundred in memory
 * @throws INVALID_VALUE when it holds more, ends elsewhere than its bytes, or cannot be read
 */
export function readUpdate(
  update: Uint8Array,
  most: { readonly structs: number; readonly deletions: number },
): UpdateContent {
  let reader: { readonly pos: number } | undefined
  let structCount = 0
  let deletionCount = 0

  class CountingDecoder extends Y.UpdateDecoderV1 {
    constructor(decoder: ConstructorParameters<typeof Y.UpdateDecoderV1>[0]) {
      super(decoder)
      reader = decoder
    }

    override readInfo(): number {
      structCount += 1
      if (structCount > most.structs) throw refusedUpdate(`it has more than ${most.structs} structs`)
      return super.readInfo()
    }

    override readDsLen(): number {
      deletionCount += 1
      if (deletionCount > most.deletions) throw refusedUpdate(`it has more than ${most.deletions} deletions`)
      return super.readDsLen()
    }
  }

  const { structs, ds } = decode(update, CountingDecoder)
  // A v2 update often reads as an empty v1 update with something behind it.
  if (reader?.pos !== update.length) throw refusedUpdate('it does not end where a v1 update would')
  const deletions = [...ds.clients].flatMap(([client, items]) =>
    items.map(({ clock, len }) => ({ client, clock, length: len })),
  )
  return { structs, deletions }
}

/** The error for an update that no document may see. */
export function refusedUpdate(
  reason: string,
  details: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): HoldfastError {
  return createError(
    'INVALID_VALUE',
    `An update was refused: ${reason}. The document is unchanged.`,
    { path: 'update', reason, ...details },
    cause,
  )
}

function decode(update: Uint8Array, Decoder: typeof Y.UpdateDecoderV1): ReturnType<typeof Y.decodeUpdate> {
  try {
    return Y.decodeUpdateV2(update, Decoder)
  } catch (error) {
    throw isHoldfastError(error) ? error : refusedUpdate('it cannot be read as a v1 update', {}, error)
  }
}
