import { HoldfastError } from 'holdfast'

interface Props {
  readonly error: unknown
  /** Offered where what was stored is gone: an empty store takes its place. */
  readonly onStartAnew: () => void
}

/** What stands here when the store cannot be opened: why, and what to do. */
export function Broken({ error, onStartAnew }: Props) {
  const isLost = error instanceof HoldfastError && error.code === 'STORAGE_LOST'
  return (
    <main class="empty stack">
      <h1>The sessions cannot be opened</h1>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      {error instanceof HoldfastError && <code>{error.code}</code>}
      <p>
        <button type="button" class="button" onClick={() => location.reload()}>
          Try again
        </button>
        {isLost && (
          <button type="button" class="button" onClick={onStartAnew}>
            Start anew
          </button>
        )}
      </p>
    </main>
  )
}
