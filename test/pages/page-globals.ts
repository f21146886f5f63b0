/** What the plain fixture puts on its window. */
import type * as Package from '../../src/index.ts'
import type { checkLaws } from '../../src/testing/index.ts'

declare global {
  interface Window {
    readonly holdfast: typeof Package
    readonly checkLaws: typeof checkLaws
  }
}
