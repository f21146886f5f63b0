/** What apps of the tests are made of that no browser sees. */

/** Uses each entry's types as an app would. */
export const TYPED_APP = `import { defineApp, defineStep, HoldfastError, openHoldfast, type Session } from 'holdfast'
import { checkLaws, fakeClock, seededEntropy } from 'holdfast/testing'

const double = defineStep({
  id: 'tool:double',
  version: 1,
  purity: 'pure',
  run: ({ n }: { n: number }) => ({ n: n * 2 }),
})
const app = defineApp({ steps: [double], templates: { analysis: { tags: ['analysis'] } } })

export async function main(): Promise<number> {
  await using holdfast = await openHoldfast({ name: 'app', app })
  const session: Session<typeof app> = await holdfast.sessions.create({ template: 'analysis' })
  // @ts-expect-error there is no template of this name
  await holdfast.sessions.create({ template: 'other' }).catch((error: unknown) => {
    if (error instanceof HoldfastError && error.code === 'INVALID_ARGUMENT') return
    throw error
  })
  const { n } = await session.step(double, { n: 2 })
  return n
}

export const testing = { checkLaws, fakeClock, seededEntropy }
`

export const TYPED_WORKER = `import { defineHook, serveHoldfast } from 'holdfast/worker'

serveHoldfast({
  hooks: [
    defineHook({
      id: 'size-limit',
      version: 1,
      point: 'artifact:store',
      stage: 'before',
      run: ({ sizeBytes = 0 }) => (sizeBytes > 1_000 ? { kind: 'cancel', reason: 'too big' } : undefined),
    }),
  ],
})
`

/** Imports what it is told to, and says which of a browser's globals that looked at. */
export const IMPORT_QUIETLY = `const touched = new Set()
const watched = [
  'window', 'self', 'document', 'navigator', 'location', 'Worker', 'SharedWorker', 'indexedDB', 'IDBKeyRange',
  'sessionStorage', 'localStorage', 'caches', 'BroadcastChannel', 'addEventListener', 'postMessage',
]
for (const name of watched) {
  Object.defineProperty(globalThis, name, { configurable: true, get: () => void touched.add(name) })
}
await import(process.argv[2])
console.log('touched: ' + ([...touched].join(', ') || 'nothing'))
`
