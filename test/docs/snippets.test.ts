import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { root, run } from '../../scripts/report.mjs'
import { blocksOf, DOCUMENTS, readDocument } from './documents.ts'

/** The compiler builds the rings first where nobody has. */
const COMPILING_MS = 180_000

/** What a block that imports nothing has at hand. */
const AT_HAND = `import type { Holdfast, Session } from 'holdfast'

declare global {
  const holdfast: Holdfast
  const session: Session
  const file: File
}
`

const PUBLISHED = {
  holdfast: 'src/index.ts',
  'holdfast/worker': 'worker/serve.ts',
  'holdfast/testing': 'src/testing/index.ts',
  'holdfast/key-value': 'src/adapters/key-value/index.ts',
  'holdfast/opentelemetry': 'src/adapters/opentelemetry/index.ts',
  'holdfast/yjs': 'src/adapters/yjs/index.ts',
}

test('DO4 every block of TypeScript in the documents compiles', { timeout: COMPILING_MS }, async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-snippets-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const blocks = DOCUMENTS.flatMap((path) =>
    blocksOf(readDocument(path)).map((code, at) => ({
      name: `${path.replaceAll('/', '_')}.${at + 1}.ts`,
      code,
    })),
  )
  for (const { name, code } of blocks) writeFileSync(join(folder, name), `${code}\nexport {}\n`)
  writeFileSync(join(folder, 'at-hand.ts'), AT_HAND)
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config()))

  const { code, output } = await run(process.execPath, [
    join(root, 'node_modules/typescript/bin/tsc'),
    '-b',
    folder,
  ])

  expect(blocks.length).toBeGreaterThan(15)
  expect(output).toBe('')
  expect(code).toBe(0)
})

function config(): object {
  return {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      composite: false,
      declaration: false,
      emitDeclarationOnly: false,
      noEmit: true,
      noUnusedLocals: false,
      rootDir: '/',
      lib: ['ES2023', 'ESNext.Disposable', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
      paths: Object.fromEntries(Object.entries(PUBLISHED).map(([name, path]) => [name, [join(root, path)]])),
    },
    include: ['.'],
    references: ['src', 'src/adapters', 'src/client', 'src/core', 'src/testing', 'worker'].map((path) => ({
      path: join(root, path),
    })),
  }
}
