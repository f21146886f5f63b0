import type { Intake, IntakeDeps, PreparedContent } from './intake.ts'
import { contents } from './late-contents.ts'
import { contentTooLarge, MAX_ARTIFACT_BYTES } from './size-limit.ts'

/** The intake, whose code is loaded by what is taken in first. */
export function createIntake(deps: IntakeDeps): Intake {
  const maxBytes = deps.maxBytes ?? MAX_ARTIFACT_BYTES

  function assertSize(sizeBytes: number): void {
    if (sizeBytes > maxBytes) throw contentTooLarge(maxBytes)
  }

  async function abandon({ pins }: Pick<PreparedContent, 'pins'>): Promise<void> {
    if (pins.length === 0) return
    try {
      await deps.journal.sweep([], pins)
    } catch {
      // The pins grow old by themselves.
    }
  }

  return {
    assertSize,
    async take(source, what) {
      const { takeIn } = await contents()
      return takeIn({ ...deps, assertSize, abandon }, source, what)
    },
    abandon,
  }
}
