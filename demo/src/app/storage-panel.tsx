import { useEffect, useState } from 'preact/hooks'
import { formatBytes } from '../ui/format.ts'
import type { DemoHoldfast } from './holdfast.ts'
import { attempt, complain } from './notices.ts'

interface Props {
  readonly holdfast: DemoHoldfast
  /** What may have changed how much it is. */
  readonly after: unknown
}

type Info = Awaited<ReturnType<DemoHoldfast['storage']['info']>>

/** How much is stored and may be, whether it becomes little, and whether the browser may clear it. */
export function StoragePanel({ holdfast, after }: Props) {
  const { storage } = holdfast
  const [info, setInfo] = useState<Info | null>(null)
  // It may have been told before this was shown.
  const [warning, setWarning] = useState(isLittle(storage.room) ? 'Little room is left on this device.' : '')
  const [isKept, setIsKept] = useState(storage.persisted)

  useEffect(() => {
    storage.info().then(setInfo, complain)
  }, [storage, after])

  useEffect(
    () =>
      storage.subscribe((_state, message) => {
        setIsKept(storage.persisted)
        setWarning(isLittle(storage.room) ? message : '')
        storage.info().then(setInfo, complain)
      }),
    [storage],
  )

  if (info === null || info.usageBytes === null) return null
  const { usageBytes, quotaBytes } = info
  return (
    <section class="storage stack" aria-label="Storage">
      <p class="muted small">
        {formatBytes(usageBytes)}
        {quotaBytes !== null && ` of ${formatBytes(quotaBytes)}`} used on this device
      </p>
      {quotaBytes !== null && (
        <meter
          aria-label="Used on this device"
          max={quotaBytes}
          high={quotaBytes * 0.8}
          value={usageBytes}
          data-room={storage.room}
        />
      )}
      {warning !== '' && (
        <p class="small warning" role="status">
          {warning}
        </p>
      )}
      {isKept ? (
        <p class="muted small">The browser keeps it.</p>
      ) : (
        <p class="row muted small">
          The browser may clear it when it runs short of space.
          <button type="button" class="button" onClick={() => askToKeep(storage)}>
            Ask it to keep it
          </button>
        </p>
      )}
    </section>
  )
}

function isLittle(room: DemoHoldfast['storage']['room']): boolean {
  return room === 'low' || room === 'critical'
}

async function askToKeep(storage: DemoHoldfast['storage']): Promise<void> {
  await attempt(async () => {
    if (!(await storage.persist())) throw new Error('The browser did not promise to keep it; it may later.')
  }, 'The browser keeps what is stored here.')
}
