import { beforeEach, inject } from 'vitest'
import type { EngineName } from './driver/engine.ts'
import { lackOf } from './lacks.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The engine that this run is about. */
    readonly engine: EngineName
  }
}

beforeEach(({ task, skip }) => {
  const lack = lackOf(inject('engine'), task.name)
  if (lack !== undefined) skip(lack.reason)
})
