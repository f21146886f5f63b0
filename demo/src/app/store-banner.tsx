import { useEffect, useState } from 'preact/hooks'
import type { DemoHoldfast } from './holdfast.ts'
import { attempt } from './notices.ts'
import { goTo } from './route.ts'

interface Trouble {
  readonly state: 'lost' | 'stale' | 'needs-reload'
  readonly message: string
}

/** Says that the database under this page is gone, or belongs to a newer build, and offers the way on. */
export function StoreBanner({ holdfast }: { readonly holdfast: DemoHoldfast }) {
  const [trouble, setTrouble] = useState<Trouble | null>(null)

  useEffect(
    () =>
      holdfast.storage.subscribe((state, message) => setTrouble(state === 'ok' ? null : { state, message })),
    [holdfast],
  )

  async function startAnew(): Promise<void> {
    goTo({})
    await attempt(() => holdfast.reopen(), 'A new, empty store is open.')
  }

  if (trouble === null) return null
  return (
    <div class="banner row" role="alert">
      <p>{trouble.message}</p>
      {trouble.state === 'lost' ? (
        <button type="button" class="button" onClick={startAnew}>
          Start anew
        </button>
      ) : (
        <button type="button" class="button" onClick={() => location.reload()}>
          Reload
        </button>
      )}
    </div>
  )
}
