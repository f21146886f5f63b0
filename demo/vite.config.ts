import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { offline } from './build/offline.ts'

/** Figures about the build itself; nobody who starts the demo asked for them. */
const checks = { pluginTimings: false }

export default defineConfig({
  // Relative, so that the built folder works below any path.
  base: './',
  plugins: [offline()],
  // The demo uses the library as an app does, from its sources.
  resolve: { alias: { holdfast: fileURLToPath(new URL('../src/index.ts', import.meta.url)) } },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es', rolldownOptions: { checks } },
  server: { host: '127.0.0.1' },
  build: { target: 'es2023', sourcemap: true, rolldownOptions: { checks } },
})
