import type { DemoSession } from '../app/holdfast.ts'
import { attempt } from '../app/notices.ts'

/** Stores files one after the other; a name that is there gets a new version. */
export async function storeFiles(session: DemoSession, files: readonly File[]): Promise<void> {
  for (const file of files) {
    await attempt(
      () => session.artifacts.store({ name: file.name, kind: 'user_input', content: file }),
      `Stored ${file.name}.`,
    )
  }
}
