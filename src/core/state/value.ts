/** What state can hold: JSON plus bytes. Everything else is INVALID_VALUE, naming the path. */
export type StateValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly StateValue[]
  | { readonly [key: string]: StateValue }
