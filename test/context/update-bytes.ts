/** Writes v1 updates byte by byte, honest or not. */

type Struct =
  /** A run of removed structs. */
  | { readonly gc: number }
  | { readonly skip: number }
  | { readonly deleted: number; readonly array: string }
  /** One value in a root array, or after another struct. */
  | { readonly any: AnyValue; readonly array: string }
  | { readonly any: AnyValue; readonly after: readonly [client: number, clock: number] }
  /** A Y.Map under a key of a root map, of another type, or beside another struct. */
  | { readonly map: 'in root' }
  | { readonly map: 'inside' | 'after'; readonly id: readonly [client: number, clock: number] }
  /** Content as it is: reference number and bytes. */
  | { readonly content: number; readonly bytes: readonly number[] }

type AnyValue = number | readonly AnyValue[]

export interface ClientPart {
  readonly client: number
  readonly clock?: number
  readonly structs: readonly Struct[]
  /** What the update says, where it lies. */
  readonly structCount?: number
}

export interface DeletionPart {
  readonly client: number
  readonly clock: number
  readonly length: number
}

export function updateBytes(part: ClientPart): Uint8Array {
  return updateOf([part])
}

export function updateOf(parts: readonly ClientPart[], deletions: readonly DeletionPart[] = []): Uint8Array {
  return Uint8Array.from([
    ...varUint(parts.length),
    ...parts.flatMap(({ client, clock = 0, structs, structCount = structs.length }) => [
      ...varUint(structCount),
      ...varUint(client),
      ...varUint(clock),
      ...structs.flatMap(structBytes),
    ]),
    ...varUint(deletions.length),
    ...deletions.flatMap(({ client, clock, length }) => [
      ...varUint(client),
      1,
      ...varUint(clock),
      ...varUint(length),
    ]),
  ])
}

/** Seven bits a byte, lowest first; by division, since bit operators end at 32 bits. */
export function varUint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push(128 + (rest % 128))
    rest = Math.floor(rest / 128)
  }
  return [...bytes, rest]
}

const HAS_ORIGIN = 128
const HAS_KEY = 32

function structBytes(struct: Struct): number[] {
  if ('gc' in struct) return [0, ...varUint(struct.gc)]
  if ('skip' in struct) return [10, ...varUint(struct.skip)]
  if ('deleted' in struct) return [1, 1, ...text(struct.array), ...varUint(struct.deleted)]
  if ('content' in struct) return [struct.content, 1, ...text('x'), ...struct.bytes]
  if ('any' in struct) {
    const content = [1, ...anyBytes(struct.any)]
    return 'array' in struct
      ? [8, 1, ...text(struct.array), ...content]
      : [8 + HAS_ORIGIN, ...idBytes(struct.after), ...content]
  }
  if (struct.map === 'in root') return [7 + HAS_KEY, 1, ...text('root'), ...text('k'), MAP]
  if (struct.map === 'inside') return [7 + HAS_KEY, 0, ...idBytes(struct.id), ...text('k'), MAP]
  return [7 + HAS_ORIGIN, ...idBytes(struct.id), MAP]
}

/** Number of the type Y.Map among the types. */
const MAP = 1

function anyBytes(value: AnyValue): number[] {
  if (typeof value === 'number') return [125, value]
  return [117, ...varUint(value.length), ...value.flatMap(anyBytes)]
}

function idBytes([client, clock]: readonly [number, number]): number[] {
  return [...varUint(client), ...varUint(clock)]
}

function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value)
  return [...varUint(bytes.length), ...bytes]
}
