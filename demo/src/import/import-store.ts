import { signal } from '@preact/signals'
import type { ImportSettings } from 'holdfast'
import type { DemoHoldfast } from '../app/holdfast.ts'
import { complain, tell } from '../app/notices.ts'
import { goTo } from '../app/route.ts'
import { lookUpByTool } from '../look-up/steps.ts'
import { stepByTool } from '../sample/steps.ts'
import { formatCount, formatNumberOf } from '../ui/format.ts'

/** An import under way. */
export interface Importing {
  readonly name: string
  readonly loaded: number
  readonly total: number | null
}

export type ImportStore = ReturnType<typeof createImportStore>

/** One import at a time, with its progress. */
export function createImportStore(holdfast: DemoHoldfast) {
  const importing = signal<Importing | null>(null)
  let ending = new AbortController()

  async function run(
    source: Blob | string,
    name: string,
    settings: Pick<ImportSettings, 'format' | 'onBadLine' | 'tags'>,
  ): Promise<boolean> {
    ending = new AbortController()
    importing.value = { name, loaded: 0, total: null }
    try {
      const {
        sessionId,
        entries,
        skipped,
        moreSkipped = 0,
      } = await holdfast.sessions.import(source, {
        ...settings,
        name,
        steps: { ...lookUpByTool, ...stepByTool },
        signal: ending.signal,
        onProgress: (loaded, total) => {
          importing.value = { name, loaded, total }
        },
      })
      const left =
        skipped.length > 0 ? `; left out ${formatNumberOf(skipped.length + moreSkipped, 'broken line')}` : ''
      tell(`Imported ${formatCount(entries)} entries of ${name}${left}.`)
      goTo({ session: sessionId })
      return true
    } catch (error) {
      complain(error)
      return false
    } finally {
      importing.value = null
    }
  }

  return { importing, run, cancel: () => ending.abort() }
}
