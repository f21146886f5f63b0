import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../../scripts/report.mjs'
import { PROTOCOL_VERSION } from '../../src/protocol/hello.ts'
import { SCHEMA_VERSION, STORES } from '../../src/storage/schema.ts'

/** Where everything that crosses is declared. */
const WIRE = ['gate.ts', 'hello.ts', 'messages.ts', 'methods.ts', 'page-definitions.ts', 'worker-api.ts']

/** A file's declarations without what people only read. */
function declarationsOf(file: string): string {
  const source = readFileSync(join(root, 'src/protocol', file), 'utf8')
  return source
    .replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    .replace(/^import [\s\S]*? from .*$/gm, '')
    .replace(/^export type \{[\s\S]*? from .*$/gm, '')
    .replace(/\s*\n\s*/g, '\n')
    .trim()
}

// A record that was released is never written anew. Until then: npx vitest run test/versions/numbers.test.ts -u
test('VE15 the tables and indexes are those recorded under the number of the schema', async () => {
  const tables = `${JSON.stringify(STORES, null, 2)}\n`
  await expect(tables, 'another schema needs another SCHEMA_VERSION').toMatchFileSnapshot(
    `numbers/schema-${SCHEMA_VERSION}.json`,
  )
})

test('VE15 what crosses the wire is what is recorded under the number of the protocol', async () => {
  const declared = WIRE.map((file) => `// ${file}\n${declarationsOf(file)}\n`).join('\n')
  await expect(declared, 'another wire needs another PROTOCOL_VERSION').toMatchFileSnapshot(
    `numbers/protocol-${PROTOCOL_VERSION}.txt`,
  )
})
