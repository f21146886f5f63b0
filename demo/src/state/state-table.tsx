import type { ComponentChild } from 'preact'
import { printJson } from '../ui/json.tsx'
import type { StateEntry } from './state-store.ts'

interface Props {
  readonly entries: readonly StateEntry[]
  /** Keys to point out. */
  readonly marked?: ReadonlySet<string>
  /** What stands beside an entry. */
  readonly actions?: (entry: StateEntry) => ComponentChild
}

export function StateTable({ entries, marked, actions }: Props) {
  if (entries.length === 0) return <p class="muted">No keys.</p>
  return (
    <ul class="list" aria-label="State">
      {entries.map((entry) => {
        const [key, value] = entry
        return (
          <li key={key} class="state-entry" data-marked={marked?.has(key)}>
            <code class="key">{key}</code>
            <pre class="value">{printJson(value)}</pre>
            {actions && <span class="row">{actions(entry)}</span>}
          </li>
        )
      })}
    </ul>
  )
}
