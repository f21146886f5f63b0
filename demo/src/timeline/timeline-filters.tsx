import { Field } from '../ui/field.tsx'
import type { TimelineStore } from './timeline-store.ts'

const PATTERNS = [
  'message.*',
  'step.*',
  '*.failed',
  'artifact.*',
  'state.*',
  'session.*',
  'hook.*',
  'import.*',
]

export function TimelineFilters({ store }: { readonly store: TimelineStore }) {
  const { pattern, order, hooks } = store.filter.value
  return (
    <search class="fields" aria-label="Filter events">
      <Field label="Type">
        {(id) => (
          <>
            <input
              id={id}
              class="input mono"
              list={`${id}-patterns`}
              placeholder="step.*"
              value={pattern}
              onInput={({ currentTarget }) => store.narrow({ pattern: currentTarget.value })}
            />
            <datalist id={`${id}-patterns`}>
              {PATTERNS.map((known) => (
                <option key={known} value={known} />
              ))}
            </datalist>
          </>
        )}
      </Field>
      <Field label="Order">
        {(id) => (
          <select
            id={id}
            class="input"
            value={order}
            onChange={({ currentTarget }) =>
              store.narrow({ order: currentTarget.value === 'desc' ? 'desc' : 'asc' })
            }
          >
            <option value="asc">Oldest first</option>
            <option value="desc">Newest first</option>
          </select>
        )}
      </Field>
      <label class="check">
        <input
          type="checkbox"
          checked={hooks}
          onChange={({ currentTarget }) => store.narrow({ hooks: currentTarget.checked })}
        />
        Hook records
      </label>
    </search>
  )
}
