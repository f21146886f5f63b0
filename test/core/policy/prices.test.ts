import { expect, test } from 'vitest'
import { type Prices, priced } from '../../../src/core/app/prices.ts'

const PRICES: Prices = {
  'small-1': { input: 1, output: 2 },
  'small-1-pro': { input: 10, output: 20, cacheRead: 1, cacheWrite: 12.5 },
}

test('PO16 what was used costs what the table says, by the longest name that the model begins with', () => {
  const used = { inputTokens: 1_000_000, outputTokens: 500_000 }
  expect(priced(PRICES, { model: 'small-1', ...used })).toEqual({ ...used, costUsd: 2 })
  expect(priced(PRICES, { model: 'small-1-20260101', ...used })).toEqual({ ...used, costUsd: 2 })
  expect(priced(PRICES, { model: 'small-1-pro-20260101', ...used })).toEqual({ ...used, costUsd: 20 })
  const cached = { cacheReadTokens: 1_000_000, cacheWriteTokens: 1_000_000 }
  expect(priced(PRICES, { model: 'small-1-pro', ...cached })).toEqual({ ...cached, costUsd: 13.5 })
  expect(priced(PRICES, { model: 'small-1', ...cached })).toEqual({ ...cached, costUsd: 2 })
})

test('PO16 a cost that is given stays, and a model without a price, or no table, adds none', () => {
  expect(priced(PRICES, { model: 'small-1', inputTokens: 5, costUsd: 7 })).toEqual({
    inputTokens: 5,
    costUsd: 7,
  })
  expect(priced(PRICES, { model: 'other', inputTokens: 5 })).toEqual({ inputTokens: 5 })
  expect(priced(PRICES, { inputTokens: 5 })).toEqual({ inputTokens: 5 })
  expect(priced(undefined, { model: 'small-1', inputTokens: 5 })).toEqual({ inputTokens: 5 })
})
