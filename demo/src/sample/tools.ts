import { levelsOfDay, waterLevel } from './gauges.ts'

/** What the sample's agent can call. Each is pure, so a replay can run it again and compare. */
export interface Tool {
  readonly name: string
  run(input: ToolInput): string
}

export interface ToolInput {
  readonly gauge: string
  readonly day: number
  readonly hour?: number
}

export const TOOLS: readonly Tool[] = [
  {
    name: 'water_level',
    run: ({ gauge, day, hour = 0 }) =>
      JSON.stringify({ gauge, day, hour, level_m: waterLevel(gauge, day, hour) }),
  },
  { name: 'tide_table', run: tideTable },
  { name: 'day_statistics', run: dayStatistics },
  { name: 'draw_chart', run: drawChart },
  { name: 'write_report', run: writeReport },
]

function tideTable({ gauge, day }: ToolInput): string {
  const rows = levelsOfDay(gauge, day).map((level, hour) => `${clock(hour)},${level.toFixed(2)}`)
  return ['time,level_m', ...rows, ''].join('\n')
}

function dayStatistics({ gauge, day }: ToolInput): string {
  const levels = levelsOfDay(gauge, day)
  const mean = levels.reduce((sum, level) => sum + level, 0) / levels.length
  return JSON.stringify({
    gauge,
    day,
    lowest_m: Math.min(...levels),
    highest_m: Math.max(...levels),
    mean_m: Math.round(mean * 100) / 100,
  })
}

function drawChart({ gauge, day }: ToolInput): string {
  const points = levelsOfDay(gauge, day).map(
    (level, hour) => `${20 + hour * 20},${Math.round(190 - level * 30)}`,
  )
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 500 220" width="500" height="220" font-family="sans-serif" font-size="12">',
    '  <rect width="500" height="220" fill="#f4f7f8"/>',
    '  <path d="M20 190H480M20 130H480M20 70H480" stroke="#c3cdd1" fill="none"/>',
    `  <polyline points="${points.join(' ')}" fill="none" stroke="#0f5c6e" stroke-width="2.5" stroke-linejoin="round"/>`,
    `  <text x="20" y="24" fill="#1c1d1b">Water at ${gauge}, day ${day}</text>`,
    '  <text x="20" y="208" fill="#5c5e58">00:00</text><text x="448" y="208" fill="#5c5e58">23:00</text>',
    '</svg>',
    '',
  ].join('\n')
}

function writeReport({ gauge, day }: ToolInput): string {
  const levels = levelsOfDay(gauge, day)
  const highest = Math.max(...levels)
  const lowest = Math.min(...levels)
  return [
    `# ${gauge}, day ${day}`,
    '',
    `- Highest water: ${highest.toFixed(2)} m at ${clock(levels.indexOf(highest))}`,
    `- Lowest water: ${lowest.toFixed(2)} m at ${clock(levels.indexOf(lowest))}`,
    `- Range: ${(highest - lowest).toFixed(2)} m`,
    '',
    lowest < 1 ? 'Deep boats should leave before low water.' : 'All boats can move all day.',
    '',
  ].join('\n')
}

function clock(hour: number): string {
  return `${String(hour).padStart(2, '0')}:00`
}
