import { Field } from '../ui/field.tsx'
import type { SessionFilters as Filters, SessionListStore } from './session-list-store.ts'

const STATUSES = ['active', 'suspended', 'completed', 'failed', 'archived'] as const

export function SessionFilters({ store }: { readonly store: SessionListStore }) {
  const { search, status, tag, sortBy } = store.filters.value
  return (
    <search class="stack" aria-label="Filter sessions">
      <Field label="Search">
        {(id) => (
          <input
            id={id}
            class="input"
            type="search"
            placeholder="Name or description"
            value={search}
            onInput={({ currentTarget }) => store.narrow({ search: currentTarget.value })}
          />
        )}
      </Field>
      <div class="fields">
        <Field label="Status">
          {(id) => (
            <select
              id={id}
              class="input"
              value={status}
              onChange={({ currentTarget }) => store.narrow({ status: statusOf(currentTarget.value) })}
            >
              <option value="">Any</option>
              {STATUSES.map((known) => (
                <option key={known} value={known}>
                  {known}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Tag">
          {(id) => (
            <input
              id={id}
              class="input"
              placeholder="Any"
              value={tag}
              onInput={({ currentTarget }) => store.narrow({ tag: currentTarget.value })}
            />
          )}
        </Field>
        <Field label="Sort by">
          {(id) => (
            <select
              id={id}
              class="input"
              value={sortBy}
              onChange={({ currentTarget }) => store.narrow({ sortBy: sortOf(currentTarget.value) })}
            >
              <option value="updatedAt">Changed</option>
              <option value="createdAt">Created</option>
              <option value="name">Name</option>
            </select>
          )}
        </Field>
      </div>
    </search>
  )
}

function statusOf(value: string): Filters['status'] {
  return STATUSES.find((status) => status === value) ?? ''
}

function sortOf(value: string): Filters['sortBy'] {
  return value === 'createdAt' || value === 'name' ? value : 'updatedAt'
}
