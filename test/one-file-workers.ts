import { build, type Plugin, type Rolldown, type UserConfig } from 'vite'

type Resolve = NonNullable<UserConfig['resolve']>

const WORKER = /[?&]worker_file&type=module(?:&|$)/

/**
 * Serves every worker that a test starts as one file. From its sources a worker asks the server for some two hundred,
 * and the tests start hundreds of workers. Each is built once, and again when a source of it changes.
 */
export function oneFileWorkers(): Plugin {
  const builds = new Map<string, Promise<Rolldown.OutputChunk>>()
  let resolve: Resolve = {}
  return {
    name: 'holdfast:one-file-workers',
    apply: 'serve',
    enforce: 'pre',
    configResolved(config) {
      resolve = { alias: config.resolve.alias }
    },
    load: {
      filter: { id: WORKER },
      async handler(id) {
        const [entry = id] = id.split('?')
        const building = builds.get(entry) ?? buildWorker(entry, resolve)
        builds.set(entry, building)
        const { code, map, moduleIds } = await building
        for (const module of moduleIds) this.addWatchFile(module)
        return { code, map }
      },
    },
    watchChange: () => builds.clear(),
  }
}

async function buildWorker(entry: string, resolve: Resolve): Promise<Rolldown.OutputChunk> {
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    resolve,
    define: { 'process.env.NODE_ENV': '"test"' },
    build: {
      write: false,
      target: 'es2023',
      minify: false,
      sourcemap: true,
      lib: { entry, formats: ['es'] },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  })
  const [chunk] = [built].flat().flatMap((bundle) => ('output' in bundle ? bundle.output : []))
  if (chunk?.type !== 'chunk') throw new Error(`The worker ${entry} could not be built.`)
  return chunk
}
