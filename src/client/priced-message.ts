import { type ModelUsage, type Prices, priced } from '../core/app/prices.ts'
import type { StateValue } from '../core/state/value.ts'

/** The data of a message with what it cost, where it names its model and what it used. */
export function pricedMessage(prices: Prices | undefined, data: StateValue): StateValue {
  if (prices === undefined || !isRecord(data) || !isRecord(data.usage)) return data
  if (typeof data.model !== 'string') return data
  // An app may say anything of its usage: what is no number has no price.
  const { costUsd } = priced(prices, { ...(data.usage as ModelUsage), model: data.model })
  return costUsd === undefined || Number.isNaN(costUsd)
    ? data
    : { ...data, usage: { ...data.usage, costUsd } }
}

function isRecord(value: StateValue | undefined): value is { readonly [key: string]: StateValue } {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  )
}
