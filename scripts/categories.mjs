// What `npm test -- <category>` means: the words of a test's path that belong to it.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './report.mjs'

/** @type {Readonly<Record<string, readonly string[]>>} */
export const CATEGORIES = {
  session: ['session', 'sessions', 'template', 'templates'],
  artifact: [
    'artifact',
    'artifacts',
    'chunk',
    'chunks',
    'collector',
    'collectors',
    'content',
    'contents',
    'manifest',
  ],
  context: ['context', 'state', 'mirror', 'document', 'documents'],
  hook: ['hook', 'hooks', 'breaker'],
  event: ['event', 'events', 'timeline', 'correlation'],
  run: ['run', 'runs', 'step', 'steps', 'owner', 'wait', 'waits'],
  replay: ['replay', 'fork', 'frames'],
  policy: ['policy', 'policies', 'limit', 'limits', 'rate', 'retention'],
  storage: ['storage', 'journal', 'quota', 'compaction'],
  wire: ['wire', 'protocol', 'client', 'worker'],
}

/** Every test file, as a path from the project's folder with forward slashes. */
export function testFiles() {
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .map((path) => `test/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.test.ts'))
    .sort()
}

/**
 * The test files of a category: one of its words is a word of the path, `test/core/run/owner.test.ts` is in `run`.
 * @param {string} category
 * @param {readonly string[]} files
 */
export function filesOf(category, files) {
  const words = new Set(CATEGORIES[category])
  return files.filter((path) => path.split(/[/.-]/).some((word) => words.has(word)))
}
