import type { SessionRecord } from 'holdfast'
import { useEffect, useState } from 'preact/hooks'
import type { DemoHoldfast, DemoSession } from '../app/holdfast.ts'

/** A session on its way to the page. */
export type Opened =
  | { readonly state: 'opening' }
  | { readonly state: 'open'; readonly session: DemoSession; readonly info: SessionRecord }
  | { readonly state: 'failed'; readonly message: string }

/** Opens a session and follows it until another one is shown. */
export function useOpened(holdfast: DemoHoldfast, id: string): Opened {
  const [opened, setOpened] = useState<Opened>({ state: 'opening' })

  useEffect(() => {
    let left = false
    let leave = () => {}

    async function open(): Promise<void> {
      const session = await holdfast.sessions.open(id)
      leave = () => session.close()
      if (left) return leave()
      setOpened({ state: 'open', session, info: session.info })
      session.subscribe((info) => {
        if (info === null) setOpened({ state: 'failed', message: 'It was deleted.' })
        else setOpened({ state: 'open', session, info })
      })
    }

    setOpened({ state: 'opening' })
    open().catch((error: unknown) => {
      if (!left)
        setOpened({ state: 'failed', message: error instanceof Error ? error.message : String(error) })
    })
    return () => {
      left = true
      leave()
    }
  }, [holdfast, id])

  return opened
}
