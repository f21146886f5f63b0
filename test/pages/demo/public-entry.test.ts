import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../../../scripts/report.mjs'

const SOURCES = join(root, 'demo/src')
const PACKAGES = ['holdfast', 'preact', 'preact/hooks', '@preact/signals']

test('DE2 the demo imports the public entry of the library and nothing else of it', () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.tsx?$/.test(path),
  )
  const outside = files.flatMap((file) =>
    importsOf(join(SOURCES, file))
      .filter(isOutside)
      .map((found) => `${file}: ${found}`),
  )

  expect(files.length).toBeGreaterThan(30)
  expect(outside).toEqual([])
})

/** What a file imports: packages by name, files by path. */
function importsOf(path: string): readonly string[] {
  const found = readFileSync(path, 'utf8').matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)
  return [...found].map(([, name = '']) => (name.startsWith('.') ? resolve(dirname(path), name) : name))
}

function isOutside(found: string): boolean {
  return !PACKAGES.includes(found) && !found.startsWith(SOURCES + sep)
}
