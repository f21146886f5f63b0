import type { MakeMore } from './default-hooks.ts'
import { createLogging } from './logging.ts'

/** The built-in hooks that are off unless they are asked for. */
export const moreHooks: MakeMore = ({ logging }, shared) => [
  ...(logging === undefined ? [] : [createLogging({ ...logging, ...shared })]),
]
