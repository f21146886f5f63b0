import { formatClock, formatTime } from './format.ts'

interface Props {
  readonly at: number
  /** To the second. @defaultValue false */
  readonly exact?: boolean
}

export function Time({ at, exact = false }: Props) {
  return <time dateTime={new Date(at).toISOString()}>{exact ? formatClock(at) : formatTime(at)}</time>
}
