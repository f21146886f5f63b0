import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { environment: 'node', include: ['test/simulation/soak.ts'], testTimeout: 24 * 3_600_000 },
})
