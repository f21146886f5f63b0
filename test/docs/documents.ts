import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/report.mjs'

/** The documents for users, as paths from the project's folder. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...readdirSync(join(root, 'docs/guides'), { encoding: 'utf8' }).map((name) => `docs/guides/${name}`),
]

export function readDocument(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** The cells of each row of the table whose first heading cells are these; its heading is left out. */
export function tableOf(text: string, ...headings: readonly string[]): readonly (readonly string[])[] {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => headings.every((heading, at) => cellsOf(line)[at] === heading))
  if (start < 0) throw new Error(`There is no table that begins with ${headings.join(' | ')}.`)
  const rest = lines.slice(start + 2)
  const end = rest.findIndex((line) => !line.startsWith('|'))
  return rest.slice(0, end < 0 ? undefined : end).map(cellsOf)
}

/** The blocks of TypeScript, in order. */
export function blocksOf(text: string): readonly string[] {
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code)
}

/** Without the marks of code. */
export function plain(cell: string | undefined): string {
  return (cell ?? '').replaceAll('`', '')
}

function cellsOf(line: string): readonly string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim())
}
