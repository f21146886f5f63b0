import type { Artifact } from 'holdfast'
import { useEffect, useState } from 'preact/hooks'
import type { DemoSession } from '../app/holdfast.ts'
import { complain } from '../app/notices.ts'

/** The versions of a name, newest first; null until they are read. */
export function useVersions(session: DemoSession, name: string): readonly Artifact[] | null {
  const [versions, setVersions] = useState<readonly Artifact[] | null>(null)

  useEffect(() => {
    const ending = new AbortController()
    const { signal } = ending
    const read = async () => setVersions(await session.artifacts.versions(name, { signal }))

    async function follow(): Promise<void> {
      const watch = session.timeline.watch({ types: ['artifact.*'], signal })
      await read()
      for await (const _event of watch) await read()
    }

    follow().catch((error: unknown) => {
      if (!signal.aborted) complain(error)
    })
    return () => ending.abort()
  }, [session, name])

  return versions
}
