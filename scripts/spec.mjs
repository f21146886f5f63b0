// Every rule of docs/SPEC.md has a test that names it, and every test names a rule.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseSync, Visitor } from 'vite'
import { root } from './report.mjs'

/** A rule: a list item that begins with its id, as in `- **SE1** A session …`. */
const RULE = /^\s*[-*] \*\*([A-Z]{2}\d+)\*\*/gm

/** A test's name begins with the ids of its rules: `SE1 …` or `SE1, AR2: …`. */
const NAME = /^([A-Z]{2}\d+(?:, [A-Z]{2}\d+)*):? /

/** What makes a `test` out of `test`: calling its result defines the test. */
const BUILDERS = new Set(['each', 'for', 'extend', 'runIf', 'skipIf'])

const TEST_FILE = /\.test(-d)?\.ts$/

/**
 * Compares the rules with the names of the tests under `test/` and of the contract suites under `src/testing/`.
 * @param {string} folder the project's folder
 */
export function checkSpec(folder) {
  const rules = readRules(join(folder, 'docs/SPEC.md'))
  const tests = [
    ...filesUnder(join(folder, 'test')).filter((path) => TEST_FILE.test(path)),
    ...filesUnder(join(folder, 'src/testing')).filter((path) => path.endsWith('.ts')),
  ].flatMap((path) => testNames(path).map((name) => ({ path: path.slice(folder.length + 1), name })))

  const known = new Set(rules)
  const tested = new Set(tests.flatMap(({ name }) => rulesOf(name)))
  const complaints = [
    ...rules
      .filter((id, at) => rules.indexOf(id) !== at)
      .map((id) => `rule ${id} stands twice in docs/SPEC.md`),
    ...[...known].filter((id) => !tested.has(id)).map((id) => `rule ${id} has no test`),
    ...tests.flatMap(({ path, name }) => {
      const ids = rulesOf(name)
      if (ids.length === 0) return [`${path}: the test '${name}' names no rule`]
      return ids
        .filter((id) => !known.has(id))
        .map((id) => `${path}: the test '${name}' names rule ${id}, which docs/SPEC.md lacks`)
    }),
  ]
  return { code: complaints.length === 0 ? 0 : 1, output: complaints.join('\n') }
}

/** The rules that a test's name begins with. */
function rulesOf(/** @type {string} */ name) {
  return NAME.exec(name)?.[1]?.split(', ') ?? []
}

/** @returns {string[]} */
function readRules(/** @type {string} */ path) {
  if (!existsSync(path)) return []
  return [...readFileSync(path, 'utf8').matchAll(RULE)].map((match) => match[1] ?? '')
}

/** @returns {string[]} */
function filesUnder(/** @type {string} */ folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.includes('node_modules'))
    .map((path) => join(folder, path))
}

/** The names in a file: of `test('…')`, `it('…')`, `test.each(…)('…')` and the like. */
function testNames(/** @type {string} */ path) {
  const source = readFileSync(path, 'utf8')
  /** @type {string[]} */
  const names = []
  const visitor = new Visitor({
    CallExpression({ callee, arguments: [first] }) {
      if (!isTest(callee)) return
      const name = first && textOf(first)
      if (name !== undefined) names.push(name)
    },
  })
  visitor.visit(parseSync(path, source).program)
  return names
}

/** Whether calling this defines a test: `test`, `test.concurrent`, `test.each(…)`; not `test.each` itself. @returns {boolean} */
function isTest(/** @type {any} */ callee) {
  if (callee.type === 'Identifier') return callee.name === 'test' || callee.name === 'it'
  if (callee.type === 'MemberExpression') return isTest(callee.object) && !BUILDERS.has(callee.property.name)
  const built = callee.type === 'CallExpression' ? callee.callee : callee.tag
  return built?.type === 'MemberExpression' && isTest(built.object) && BUILDERS.has(built.property.name)
}

/** The text of a literal, of a template up to its first hole; an empty text for a name that is computed. */
function textOf(/** @type {any} */ node) {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined
  if (node.type === 'TemplateLiteral') return node.quasis[0].value.cooked
  if (node.type === 'Identifier' || node.type === 'MemberExpression' || node.type === 'BinaryExpression')
    return ''
  return undefined
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { code, output } = checkSpec(root)
  console.log(code === 0 ? 'Every rule has a test, and every test a rule.' : output)
  process.exitCode = code
}
