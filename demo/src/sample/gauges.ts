/** The gauges of a harbour that does not exist, and the water at each of them: pure arithmetic, the same everywhere. */
interface Gauge {
  readonly meanM: number
  readonly swingM: number
  /** Hours that high water comes after that of the first gauge. */
  readonly lagHours: number
}

const GAUGES: Readonly<Record<string, Gauge>> = {
  'North Quay': { meanM: 3.1, swingM: 1.9, lagHours: 0 },
  'Mill Lock': { meanM: 2.6, swingM: 1.2, lagHours: 1.4 },
  'Old Ferry': { meanM: 2.9, swingM: 1.6, lagHours: 0.6 },
  'Grain Pier': { meanM: 3.3, swingM: 2.1, lagHours: 0.2 },
}

export const GAUGE_NAMES = ['North Quay', 'Mill Lock', 'Old Ferry', 'Grain Pier'] as const

/** Hours between one high water and the next. */
const TIDE_HOURS = 12.42
/** Days between one spring tide and the next. */
const SPRING_DAYS = 14.77

/**
 * Metres above the chart's zero, to the centimetre.
 * @throws an Error for a gauge that the harbour does not have
 */
export function waterLevel(name: string, day: number, hour: number): number {
  const gauge = GAUGES[name]
  if (gauge === undefined)
    throw new Error(`There is no gauge at "${name}". There are: ${GAUGE_NAMES.join(', ')}.`)
  const hours = day * 24 + hour - gauge.lagHours
  const spring = 1 + 0.25 * Math.cos((2 * Math.PI * hours) / (SPRING_DAYS * 24))
  const level = gauge.meanM + gauge.swingM * spring * Math.cos((2 * Math.PI * hours) / TIDE_HOURS)
  return Math.round(level * 100) / 100
}

/** The levels of each full hour of a day. */
export function levelsOfDay(name: string, day: number): readonly number[] {
  return Array.from({ length: 24 }, (_, hour) => waterLevel(name, day, hour))
}
