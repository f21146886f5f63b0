import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../../../scripts/report.mjs'

const STYLES = join(root, 'demo/src/styles')

/** Which colours lie on which. */
const TEXT_ON: Readonly<Record<string, readonly string[]>> = {
  text: ['page', 'surface', 'sunken', 'accent-soft'],
  muted: ['page', 'surface', 'sunken', 'accent-soft'],
  accent: ['page', 'surface', 'sunken', 'accent-soft'],
  'on-accent': ['accent'],
  good: ['good-soft', 'surface', 'page'],
  warn: ['warn-soft', 'surface', 'page'],
  bad: ['bad-soft', 'surface', 'sunken', 'page'],
}
/** What shows where a control is, and where the focus is. */
const EDGE_ON: Readonly<Record<string, readonly string[]>> = {
  edge: ['page', 'surface'],
  accent: ['page', 'surface', 'sunken'],
}

const AA_TEXT = 4.5
const AA_EDGE = 3

test.each(['light', 'dark'] as const)('DE10 text and edges have the contrast of AA in %s', (scheme) => {
  const colours = readColours(scheme)
  const ratios = [...pairsOf(TEXT_ON, AA_TEXT), ...pairsOf(EDGE_ON, AA_EDGE)].map((pair) => ({
    ...pair,
    ratio: contrast(colours, pair.front, pair.back),
  }))

  expect(ratios.filter(({ ratio, least }) => ratio < least)).toEqual([])
})

test('DE10 no colour stands outside the tokens', () => {
  const others = readdirSync(STYLES).filter((file) => file !== 'tokens.css')
  const colours = others.flatMap((file) =>
    [
      ...readFileSync(join(STYLES, file), 'utf8').matchAll(
        /#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch|lab)\((?!0 0 0 \/)/gi,
      ),
    ].map(([colour]) => `${file}: ${colour}`),
  )

  // Black at a part of its strength is a shadow.
  expect(colours).toEqual([])
})

function pairsOf(table: Readonly<Record<string, readonly string[]>>, least: number) {
  return Object.entries(table).flatMap(([front, backs]) => backs.map((back) => ({ front, back, least })))
}

function readColours(scheme: 'light' | 'dark'): ReadonlyMap<string, string> {
  const tokens = readFileSync(join(STYLES, 'tokens.css'), 'utf8')
  const found = tokens.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)
  return new Map(
    [...found].map(([, name = '', light = '', dark = '']) => [name, scheme === 'light' ? light : dark]),
  )
}

/** As WCAG 2.2 defines it. */
function contrast(colours: ReadonlyMap<string, string>, front: string, back: string): number {
  const [lighter = 0, darker = 0] = [luminance(colours, front), luminance(colours, back)].sort(
    (a, b) => b - a,
  )
  return Math.round(((lighter + 0.05) / (darker + 0.05)) * 100) / 100
}

function luminance(colours: ReadonlyMap<string, string>, name: string): number {
  const colour = colours.get(name)
  if (colour === undefined) throw new Error(`tokens.css has no colour --${name}.`)
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) =>
    linear(Number.parseInt(colour.slice(at, at + 2), 16) / 255),
  )
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function linear(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
}
