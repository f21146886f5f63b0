interface Props {
  readonly label: string
  /** Whether the session's status allows it. */
  readonly on: boolean
  readonly danger?: boolean
  readonly onPress: () => void
}

export function VerbButton({ label, on, danger = false, onPress }: Props) {
  return (
    <button type="button" class={`button small ${danger ? 'danger' : ''}`} disabled={!on} onClick={onPress}>
      {label}
    </button>
  )
}
