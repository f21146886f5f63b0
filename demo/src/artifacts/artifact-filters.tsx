import { Field } from '../ui/field.tsx'
import type { ArtifactsStore } from './artifacts-store.ts'

const KINDS = ['agent_output', 'tool_result', 'user_input', 'system_generated'] as const

export function ArtifactFilters({ store }: { readonly store: ArtifactsStore }) {
  const { name, kind } = store.filter.value
  return (
    <search class="fields" aria-label="Filter artifacts">
      <Field label="Name">
        {(id) => (
          <input
            id={id}
            class="input"
            type="search"
            placeholder="Any, or *.svg"
            value={name}
            onInput={({ currentTarget }) => store.narrow({ name: currentTarget.value })}
          />
        )}
      </Field>
      <Field label="Kind">
        {(id) => (
          <select
            id={id}
            class="input"
            value={kind}
            onChange={({ currentTarget }) => store.narrow({ kind: currentTarget.value })}
          >
            <option value="">Any</option>
            {KINDS.map((known) => (
              <option key={known} value={known}>
                {known.replace('_', ' ')}
              </option>
            ))}
          </select>
        )}
      </Field>
    </search>
  )
}
