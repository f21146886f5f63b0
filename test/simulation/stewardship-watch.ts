/** Watches that segments, which the steward alone makes, are stored by nobody who was replaced as the steward. */
import { isStewardRow } from '../../src/core/steward.ts'
import type { Agent } from './scheduler.ts'

/** What one transaction does that concerns the stewardship. */
interface Deed {
  epoch?: number
  packs?: boolean
}

export class StewardshipWatch {
  readonly problems: string[] = []
  readonly #deeds = new WeakMap<IDBTransaction, Deed>()
  #steward: { readonly agent: Agent; readonly epoch: number } | undefined

  onPut({ name, transaction }: IDBObjectStore, value: unknown): void {
    const deed = this.#deeds.get(transaction) ?? {}
    if (name === 'segments') deed.packs = true
    if (name === 'meta' && isStewardRow(value)) deed.epoch = value.epoch
    this.#deeds.set(transaction, deed)
  }

  onStored(transaction: IDBTransaction, agent: Agent): void {
    const { epoch, packs = false } = this.#deeds.get(transaction) ?? {}
    const known = this.#steward
    if (epoch !== undefined && epoch > (known?.epoch ?? 0)) this.#steward = { agent, epoch }
    else if (packs && known !== undefined && known.agent !== agent) {
      this.problems.push(`${agent.name} packed rows, though ${known.agent.name} had become the steward.`)
    }
  }

  /** A power cut may have taken the latest epoch. */
  forget(): void {
    this.#steward = undefined
  }
}
