import type { SessionRecord } from 'holdfast'

type Status = SessionRecord['status']

const COLOUR: Readonly<Record<Status, string>> = {
  active: 'good',
  suspended: 'warn',
  completed: 'accent',
  failed: 'bad',
  archived: '',
}

export function StatusBadge({ status }: { readonly status: Status }) {
  return <span class={`badge ${COLOUR[status]}`}>{status}</span>
}
