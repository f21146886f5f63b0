import { useId } from 'preact/hooks'
import { formatCount } from '../ui/format.ts'

interface Props {
  /** From 0. */
  readonly place: number
  readonly count: number
  readonly onMove: (place: number) => void
}

export function MomentControls({ place, count, onMove }: Props) {
  const id = useId()
  return (
    <div class="moment-controls">
      <button type="button" class="button" disabled={place === 0} onClick={() => onMove(place - 1)}>
        Previous
      </button>
      <div class="field">
        <label class="label" for={id}>
          Event {formatCount(place + 1)} of {formatCount(count)}
        </label>
        <input
          id={id}
          class="slider"
          type="range"
          min={1}
          max={count}
          value={place + 1}
          onInput={({ currentTarget }) => onMove(currentTarget.valueAsNumber - 1)}
        />
      </div>
      <button type="button" class="button" disabled={place === count - 1} onClick={() => onMove(place + 1)}>
        Next
      </button>
    </div>
  )
}
