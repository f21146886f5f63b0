import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildPackage } from '../../scripts/build.mjs'
import { root, run } from '../../scripts/report.mjs'
import { buildOnce } from '../pages/harness/fixture.ts'

/** What npm packs whatever package.json says. */
const ALWAYS = ['package.json', 'README.md', 'LICENSE']

/** What it packs because package.json names it, but for the built files. */
const named = manifestIn(root).files.filter((path) => path !== 'dist')

const SOURCES = ['src', 'worker', 'scripts', 'tsconfig.base.json', 'package-lock.json', ...ALWAYS, ...named]

/**
 * The package as an app gets it: built, packed by npm, unpacked. Unchanged sources are packed once.
 * @returns the folder that the tarball was unpacked into
 */
export async function packPackage(): Promise<string> {
  const folder = await buildOnce('package', [...SOURCES, 'test/package/pack.ts'], async (outDir) => {
    const project = join(outDir, 'project')
    await buildPackage(join(project, 'dist'))
    for (const path of [...ALWAYS, ...named])
      cpSync(join(root, path), join(project, path), { recursive: true })
    await orThrow('npm', ['pack', '--ignore-scripts', '--pack-destination', outDir], project)
    await orThrow('tar', ['-xzf', `holdfast-${manifestIn(project).version}.tgz`], outDir)
    rmSync(project, { recursive: true })
  })
  return join(folder, 'package')
}

/** `package.json`, as far as the tests look at it. */
export interface Manifest {
  readonly version: string
  readonly files: readonly string[]
  readonly dependencies: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
}

export function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

async function orThrow(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, output } = await run(program, args, { cwd })
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${output}`)
}
