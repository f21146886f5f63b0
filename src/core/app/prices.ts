import { createError } from '../errors.ts'
import type { Usage } from '../session/record.ts'

/** What a model takes for a million tokens, in US dollars. */
export interface ModelPrice {
  readonly input: number
  readonly output: number
  /** @defaultValue as `input` */
  readonly cacheRead?: number
  /** @defaultValue as `input` */
  readonly cacheWrite?: number
}

/** By the model's name; of several the longest that the name begins with, so that dated versions need no line each. */
export type Prices = Readonly<Record<string, ModelPrice>>

/** What was used, and of which model. */
export interface ModelUsage extends Partial<Usage> {
  readonly model?: string
}

/** @throws INVALID_ARGUMENT with the path of what is no price: found later, it would cost a step its result */
export function assertPrices(prices: Prices = {}): void {
  for (const [model, price] of Object.entries(prices)) {
    const { input, output, cacheRead = input, cacheWrite = input } = price ?? {}
    for (const [part, amount] of Object.entries({ input, output, cacheRead, cacheWrite })) {
      if (Number.isFinite(amount) && amount >= 0) continue
      const path = `prices.${model}.${part}`
      throw createError(
        'INVALID_ARGUMENT',
        `The app's ${path} is ${amount}; give dollars for a million tokens.`,
        {
          path,
        },
      )
    }
  }
}

/** What was used, with what it costs where it does not say and its model has a price. */
export function priced(prices: Prices | undefined, { model, ...usage }: ModelUsage): Partial<Usage> {
  if (prices === undefined || model === undefined || usage.costUsd !== undefined) return usage
  const price = priceOf(prices, model)
  if (price === undefined) return usage
  const { input, output, cacheRead = input, cacheWrite = input } = price
  const { inputTokens = 0, outputTokens = 0, cacheReadTokens = 0, cacheWriteTokens = 0 } = usage
  const perMillion =
    inputTokens * input + outputTokens * output + cacheReadTokens * cacheRead + cacheWriteTokens * cacheWrite
  return { ...usage, costUsd: perMillion / 1e6 }
}

function priceOf(prices: Prices, model: string): ModelPrice | undefined {
  let best = ''
  for (const name of Object.keys(prices)) {
    if (model.startsWith(name) && name.length > best.length) best = name
  }
  return prices[best]
}
