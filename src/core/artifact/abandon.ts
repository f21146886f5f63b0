import type { Intake, PreparedContent } from './intake.ts'

/** Gives up artifacts and values whose operation did not come to a commit. Never throws. */
export async function abandonArtifacts(
  intake: Intake,
  prepared: readonly { readonly content?: PreparedContent }[],
): Promise<void> {
  for (const { content } of prepared) if (content !== undefined) await intake.abandon(content)
}
