import type { StateValue } from './value.ts'

/** Who made a change: this page, another tab, another device, or a replay. */
export type ChangeSource = 'local' | 'tab' | 'device' | 'replay'

/** A change of what a mirror shows under one key. */
export interface MirrorChange {
  readonly key: string
  /** undefined where the key is gone. */
  readonly value: StateValue | undefined
  readonly previous: StateValue | undefined
  readonly source: ChangeSource
  /** False while the value shown, of this page or of another tab, is not stored yet. */
  readonly settled: boolean
}

export type MirrorListener = (change: MirrorChange) => void
