import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../../scripts/report.mjs'
import type { HeadKey } from '../../src/core/commit.ts'
import { ERROR_MEANINGS } from '../../src/core/error-meanings.ts'
import { createError, ERROR_CODES, isErrorCode } from '../../src/core/errors.ts'
import {
  type HookStage,
  mayVeto,
  POINT_NAMES,
  type PointName,
  rowOf,
  stageOf,
} from '../../src/core/hook/points.ts'
import { STORES } from '../../src/storage/schema.ts'
import { DOCUMENTS, plain, readDocument, tableOf } from './documents.ts'

test('DO2 the table of errors says of each code what the code says', () => {
  const said = tableOf(readDocument('docs/errors.md'), 'code', 'meaning', 'class', 'retryable')

  const codes = Object.keys(ERROR_CODES).filter(isErrorCode)
  expect(said).toEqual(
    codes.map((code) => {
      const { name, retryable } = createError(code, '')
      return [`\`${code}\``, ERROR_MEANINGS[code], name, retryable ? 'yes' : 'no']
    }),
  )
})

test('DO2 the table of classes names each class that an error can have', () => {
  const said = tableOf(readDocument('docs/errors.md'), 'class', 'says').map(([name]) => name)

  const classes = new Set(
    Object.keys(ERROR_CODES)
      .filter(isErrorCode)
      .map((code) => createError(code, '').name),
  )
  expect(new Set(said)).toEqual(classes)
})

test('DO3 the table of hook points says of each what the code says', () => {
  const columns = ['point', 'payload', 'before', 'record', 'after', 'veto', 'recorded']
  const said = tableOf(readDocument('docs/hooks.md'), ...columns)

  expect(said).toEqual(
    POINT_NAMES.map((point) => [
      `\`${point}\``,
      `\`${rowOf(point).payload}\``,
      ...(['before', 'record', 'after'] as const).map((stage) => describeStage(point, stage)),
      mayVeto(point) ? 'yes' : 'no',
      rowOf(point).recorded,
    ]),
  )
})

function describeStage(point: PointName, stage: HookStage): string {
  const allowed = stageOf(point, stage)
  if (allowed === undefined) return '–'
  const changes = allowed.changes.join(', ')
  return allowed.outcomes
    .map((outcome) => (outcome === 'modify' ? `modify (${changes})` : outcome))
    .join(', ')
}

test('SH1 the tables of the rules are those of the schema, with their indexes', () => {
  const said = tableOf(readDocument('docs/SPEC.md'), 'table', 'indexes', 'in clear')

  expect(said.map(([name, indexes]) => [plain(name), plain(indexes)])).toEqual(Object.entries(STORES))
})

/** Complete by its type: a kind that is missing here does not compile. */
const HEAD_KINDS = {
  session: true,
  'artifact-name': true,
  run: true,
  counter: true,
  scope: true,
} as const satisfies Record<HeadKey[0], true>

test('SH2 the heads of the rules are the kinds that there are', () => {
  const said = tableOf(readDocument('docs/SPEC.md'), 'head', 'holds')

  expect(said.map(([kind]) => plain(kind))).toEqual(Object.keys(HEAD_KINDS))
})

test('DO5 each limit of the readme is the constant that it names', () => {
  const limits = tableOf(readDocument('README.md'), 'what', 'most', 'constant')

  expect(limits.length).toBeGreaterThan(10)
  for (const [what, most = '', place = ''] of limits) {
    const [, name = '', path = ''] = /^`(\w+)` in \[[\w.-]+\]\(([^)]+)\)$/.exec(place) ?? []
    const said = Number(/^[\d,]+/.exec(most)?.[0].replaceAll(',', ''))
    expect(constantIn(path, name), `${what}: ${name} in ${path}`).toBe(said)
  }
})

/** The value of a constant that is a number or a product of numbers. */
function constantIn(path: string, name: string): number | undefined {
  const source = readFileSync(join(root, path), 'utf8')
  const [, expression] = new RegExp(`^(?:export )?const ${name} = ([\\d_* ]+)$`, 'm').exec(source) ?? []
  return expression
    ?.split('*')
    .reduce((product, part) => product * Number(part.replaceAll('_', '').trim()), 1)
}

test.each(DOCUMENTS)('DO6 the links of %s lead somewhere', (path) => {
  const text = readDocument(path).replace(/^```.*?^```$/gms, '')
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)

  const broken = links
    .filter((link) => !link.includes('://'))
    .filter((link) => !existsSync(join(root, dirname(path), link.replace(/#.*/, ''))))
  expect(broken).toEqual([])
})
