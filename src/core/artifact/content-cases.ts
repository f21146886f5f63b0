/** Loaded together, see late-contents.ts. */
export { createContentReader } from './content-reader.ts'
export { takeIn } from './take-in.ts'
