import { late } from '../late.ts'
import type { RedactionOptions, Redactor } from './redactor.ts'

const redaction = late('redaction', () => import('./late-redaction.ts'))

/** A redactor whose code is not needed before the first event or step. What is wrong with its options shows there, too. */
export function lateRedactor(options: RedactionOptions | undefined): Redactor {
  let made: Redactor | undefined
  return {
    redact(value) {
      if (made !== undefined) return made.redact(value)
      return redaction().then(({ createRedactor }) => {
        made ??= createRedactor(options)
        return made.redact(value)
      })
    },
  }
}
