/** Bytes that are taken in and read back: of artifacts, and of values that are too large for their event or stand aside. */
import { late } from '../late.ts'

export const contents = late('contents', () => import('./content-cases.ts'))
