import { HoldfastError } from 'holdfast'

/** What stands here when the store cannot be opened: why, and what to do. */
export function Broken({ error }: { readonly error: unknown }) {
  return (
    <main class="empty stack">
      <h1>The sessions cannot be opened</h1>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      {error instanceof HoldfastError && <code>{error.code}</code>}
      <p>
        <button type="button" class="button" onClick={() => location.reload()}>
          Try again
        </button>
      </p>
    </main>
  )
}
