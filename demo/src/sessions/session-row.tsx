import type { SessionRecord } from 'holdfast'
import { hrefOf, route } from '../app/route.ts'
import { StatusBadge } from '../ui/status-badge.tsx'
import { Tags } from '../ui/tags.tsx'
import { Time } from '../ui/time.tsx'

export function SessionRow({ record }: { readonly record: SessionRecord }) {
  const here = route.value.session === record.id
  return (
    <li>
      <a class="row-link" href={hrefOf({ session: record.id })} aria-current={here ? 'page' : undefined}>
        <strong>{record.name || 'Without a name'}</strong>
        <StatusBadge status={record.status} />
        <span class="row muted small">
          <Time at={record.updatedAt} />
          <Tags tags={record.tags} />
        </span>
      </a>
    </li>
  )
}
