const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const CLOCK = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'medium' })
const COUNT = new Intl.NumberFormat()
const COST = new Intl.NumberFormat(undefined, {
  style: 'currency',
  currency: 'USD',
  maximumFractionDigits: 4,
})
const UNITS = ['bytes', 'KB', 'MB', 'GB'] as const

export function formatTime(timeMs: number): string {
  return TIME.format(timeMs)
}

/** To the second. */
export function formatClock(timeMs: number): string {
  return CLOCK.format(timeMs)
}

export function formatCount(count: number): string {
  return COUNT.format(count)
}

export function formatCost(costUsd: number): string {
  return COST.format(costUsd)
}

export function formatBytes(sizeBytes: number): string {
  const power = sizeBytes < 1_000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(sizeBytes) / 3))
  const amount = sizeBytes / 1_000 ** power
  return `${COUNT.format(Number(amount.toFixed(amount < 10 && power > 0 ? 1 : 0)))} ${UNITS[power]}`
}

/** `1 event`, `2 events`. */
export function formatNumberOf(count: number, word: string): string {
  return `${formatCount(count)} ${count === 1 ? word : `${word}s`}`
}
