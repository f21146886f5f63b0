import { useEffect, useState } from 'preact/hooks'
import { formatBytes } from '../ui/format.ts'
import type { DemoHoldfast } from './holdfast.ts'
import { complain } from './notices.ts'

interface Props {
  readonly holdfast: DemoHoldfast
  /** What may have changed how much it is. */
  readonly after: unknown
}

/** How much is stored, and whether the browser may clear it when it runs short of space. */
export function StorageMeter({ holdfast, after }: Props) {
  const [used, setUsed] = useState<number | null>(null)

  useEffect(() => {
    holdfast.storage.info().then(({ usageBytes }) => setUsed(usageBytes), complain)
  }, [holdfast, after])

  if (used === null) return null
  return (
    <p class="muted small">
      {formatBytes(used)} stored on this device
      {holdfast.storage.persisted ? '.' : '; the browser may clear it when it runs short of space.'}
    </p>
  )
}
