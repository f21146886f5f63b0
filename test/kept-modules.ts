import type { Plugin } from 'vite'

/** Of the project itself and of the runner; a test file has another address in each run. */
const MODULE = /^\/(src|worker|test|node_modules|@fs|@id|@vite|__vitest)/

const TEST_FILE = /\.test\.ts/

/**
 * Lets the browser keep the modules that one run serves, some hundred for each file, instead of asking for each whether
 * it has changed. Where files are watched it goes on asking.
 */
export function keptModules(): Plugin {
  return {
    name: 'holdfast:kept-modules',
    apply: 'serve',
    configureServer({ config, middlewares }) {
      if (config.server.watch !== null) return
      middlewares.use(({ url = '' }, response, next) => {
        if (MODULE.test(url) && !TEST_FILE.test(url)) {
          const set = response.setHeader.bind(response)
          response.setHeader = (name, value) =>
            set(name, name === 'Cache-Control' && value === 'no-cache' ? 'max-age=3600' : value)
        }
        next()
      })
    },
  }
}
