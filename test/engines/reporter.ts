/** Counts what an engine did. A test that did not run counts as failed unless `lacks.ts` says why. */
import { writeFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node'
import type { EngineName } from './driver/engine.ts'
import { lackOf } from './lacks.ts'

export class EngineReporter implements Reporter {
  readonly #engine: EngineName
  readonly #file: string | undefined

  /** @param file where the line of this engine is written to, beside the output */
  constructor(engine: EngineName, file: string | undefined) {
    this.#engine = engine
    this.#file = file
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const engine = this.#engine
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const inState = (state: string) => tests.filter((test) => test.result().state === state)
    const skipped = inState('skipped')
    const left = skipped.filter(({ name }) => lackOf(engine, name) !== undefined)
    const unexplained = skipped.filter((test) => !left.includes(test))
    const broken = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0)
    const failed = inState('failed').length + unexplained.length + broken.length + errors.length

    const lines = [
      ...left.map(({ name }) => `left out in ${engine}: ${name}\n  ${lackOf(engine, name)?.reason}`),
      ...unexplained.map(({ name }) => `did not run in ${engine}, and nothing says why: ${name}`),
    ]
    const summary = `${engine}: ${inState('passed').length} passed, ${failed} failed${leftOut(left)}`
    for (const line of [...lines, summary]) console.log(line)
    if (failed > 0) process.exitCode = 1
    if (this.#file !== undefined) writeFileSync(this.#file, summary)
  }
}

function leftOut(tests: readonly TestCase[]): string {
  return tests.length === 0 ? '' : `, ${tests.length} left out`
}
