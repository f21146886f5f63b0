import { relative } from 'node:path'
import { expect, test } from 'vitest'
import { ENTRY_RINGS, makeProject, type Outcome, type Project, pathToStub, RINGS } from './project.ts'

const TSC = 'node_modules/typescript/bin/tsc'
const BIOME = 'node_modules/@biomejs/biome/bin/biome'

const KINDS = ['value', 'type'] as const

type Kind = (typeof KINDS)[number]

/** What they import stands on these, so the compiler can see them; the lint rule closes that door. */
const SEEN_THROUGH: Readonly<Record<string, readonly string[]>> = {
  worker: ['src/storage', 'src/context', 'src/sync'],
  'src/adapters': ['src/client', 'src/core', 'src/protocol'],
}

// One compile for values and one for types: the compiler names a forbidden file once, where it meets it first.
test.each(KINDS)('TO1 an import outward fails the compile, of a %s', async (kind) => {
  const project = makeProject()
  const forbidden = forbiddenImports()
  for (const { ring, target } of forbidden) writeImport(project, ring, target, kind)
  const outsideEntry = Object.keys(RINGS).filter((ring) => !ENTRY_RINGS.includes(ring))
  writeEntry(project, outsideEntry, kind)

  const { output } = await project.node(TSC, ['-b'])

  const errors = output.matchAll(/^(\S+)\(\d+,\d+\): error TS6307: File '([^']+)'/gm)
  const named = new Set(
    [...errors].map(([, file, target]) => `${file} -> ${relative(project.folder, target ?? '')}`),
  )
  const expected = [
    ...forbidden.map(({ ring, target }) => `${importFile(ring, target, kind)} -> ${target}/stub.ts`),
    ...outsideEntry.map((target) => `src/index.ts -> ${target}/stub.ts`),
  ]
  expect(expected.filter((line) => !named.has(line))).toEqual([])
})

test.each(Object.entries(SEEN_THROUGH))(
  'TO1 %s imports no ring that the compiler would let through',
  async (ring, targets) => {
    const project = makeProject()
    for (const target of targets) {
      for (const kind of KINDS) writeImport(project, ring, target, kind)
    }

    const complaints = await restrictedImports(project)

    const expected = targets.flatMap((target) => KINDS.map((kind) => importFile(ring, target, kind)))
    expect([...complaints].sort()).toEqual(expected.sort())
  },
)

test('TO2 an import inward compiles and passes the lint', async () => {
  const project = makeProject()
  for (const [ring, targets] of Object.entries(RINGS)) {
    for (const target of targets) {
      for (const kind of KINDS) writeImport(project, ring, target, kind)
    }
  }
  writeEntry(project, ENTRY_RINGS, 'value')

  expect(await project.node(TSC, ['-b'])).toEqual({ code: 0, output: '' })
  expect([...(await restrictedImports(project))]).toEqual([])
})

test('TO3 core and protocol see neither the browser nor Node', async () => {
  const project = makeProject()
  const globals = [
    'window',
    'indexedDB',
    'document',
    'Worker',
    'navigator',
    'localStorage',
    'process',
    'Buffer',
  ]
  const files = ['src/core', 'src/protocol'].flatMap((ring) => globals.map((global) => ({ ring, global })))
  for (const { ring, global } of files) {
    project.write(`${ring}/${global}.ts`, `export const seen: unknown = ${global}\n`)
  }

  const { output } = await project.node(TSC, ['-b'])

  expect(
    files.filter(
      ({ ring, global }) => !new RegExp(`^${ring}/${global}\\.ts.*TS(2304|2584|2591)`, 'm').test(output),
    ),
  ).toEqual([])
})

test('TO4 a folder imports only the packages that are its own', async () => {
  const project = makeProject()
  const packages = [
    'dexie',
    'idb',
    'yjs',
    'y-indexeddb',
    'comlink',
    'lib0/encoding',
    'y-protocols/sync',
    'zod',
    'vitest',
    'node:fs',
  ]
  const allowed: Record<string, readonly string[]> = {
    'src/storage': ['dexie', 'idb'],
    'src/context': ['yjs', 'y-indexeddb', 'lib0/encoding', 'y-protocols/sync'],
    'src/adapters': ['yjs', 'lib0/encoding', 'y-protocols/sync'],
    'src/client': ['comlink'],
    worker: ['comlink'],
  }
  const folders = [...Object.keys(RINGS), 'src']
  const imports = folders.flatMap((folder) =>
    packages.map((name) => ({ folder, name, file: `${folder}/${slug(name)}` })),
  )
  for (const { name, file } of imports) {
    project.write(`${file}-value.ts`, `export * from '${name}'\n`)
    project.write(`${file}-type.ts`, `export type * from '${name}'\n`)
    project.write(`${file}-dynamic.ts`, `export const loaded = import('${name}')\n`)
  }

  const complaints = await restrictedImports(project)

  const expected = imports
    .filter(({ folder, name }) => !allowed[folder]?.includes(name))
    .flatMap(({ file }) => [`${file}-dynamic.ts`, `${file}-type.ts`, `${file}-value.ts`])
  expect([...complaints].sort()).toEqual(expected.sort())
})

test('TO5 no file imports an index.ts from inside, or itself by way of others', async () => {
  const project = makeProject()
  project.write('src/core/session/index.ts', 'export const kept: number = 1\n')
  project.write('src/core/reader.ts', "export { kept } from './session/index.ts'\n")
  project.write(
    'src/core/hen.ts',
    "import type { Egg } from './egg.ts'\n\nexport type Hen = { readonly egg: Egg }\n",
  )
  project.write(
    'src/core/egg.ts',
    "import type { Hen } from './hen.ts'\n\nexport type Egg = { readonly hen: Hen }\n",
  )

  expect(await lint(project, 'noRestrictedImports')).toEqual(new Set(['src/core/reader.ts']))
  expect(await lint(project, 'noImportCycles')).toEqual(new Set(['src/core/egg.ts', 'src/core/hen.ts']))
})

/** Each import that the table forbids and the compiler sees. */
function forbiddenImports() {
  return Object.entries(RINGS).flatMap(([ring, allowed]) =>
    Object.keys(RINGS)
      .filter((target) => target !== ring && !allowed.includes(target))
      .filter((target) => SEEN_THROUGH[ring]?.includes(target) !== true)
      .map((target) => ({ ring, target })),
  )
}

function writeImport(project: Project, ring: string, target: string, kind: Kind) {
  const path = pathToStub(ring, target)
  const text = kind === 'value' ? `export { stub } from '${path}'\n` : `export type { Stub } from '${path}'\n`
  project.write(importFile(ring, target, kind), text)
}

/** The entry is one file: all its imports stand in it. */
function writeEntry(project: Project, targets: readonly string[], kind: Kind) {
  const exports = targets.map((target) => {
    const names = kind === 'value' ? `{ stub as ${name(target)} }` : `type { Stub as ${name(target)} }`
    return `export ${names} from '${pathToStub('src', target)}'\n`
  })
  project.write('src/index.ts', exports.join(''))
}

const importFile = (ring: string, target: string, kind: Kind) => `${ring}/${name(target)}-${kind}.ts`

const restrictedImports = (project: Project) => lint(project, 'noRestrictedImports')

/** The files that a lint rule complains of. */
async function lint(project: Project, rule: string): Promise<Set<string>> {
  const { output }: Outcome = await project.node(BIOME, [
    'lint',
    '--reporter=github',
    '--max-diagnostics=none',
    '.',
  ])
  const lines = output.split('\n').filter((line) => line.includes(`/${rule}`))
  return new Set(lines.map((line) => relative(project.folder, /file=([^,]+)/.exec(line)?.[1] ?? line)))
}

const name = (ring: string) => ring.split('/').at(-1) ?? ring

const slug = (name: string) => name.replace(/\W/g, '-')
