import type { Environment } from 'vitest/runtime'

declare global {
  /** Has something done when the process that runs the test files ends, after the last of them. */
  function atWorkerEnd(end: () => Promise<void>): void
}

/** What Node has, and an end: files that share a process also share what they start in it, as a browser. */
export default {
  name: 'pages',
  viteEnvironment: 'ssr',
  setup(global) {
    const ends: (() => Promise<void>)[] = []
    global.atWorkerEnd = (end: () => Promise<void>) => void ends.push(end)
    return {
      async teardown() {
        for (const end of ends) await end()
      },
    }
  },
} satisfies Environment
