/** What sessions with limits need. */
import { late } from '../late.ts'

export const limitCases = late('limits', () => import('./limit-cases.ts'))
