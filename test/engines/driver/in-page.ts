/** How a function gets into a page, and its result out: as text, the one thing that three protocols carry alike. */
import type { Evaluate } from './engine.ts'

/** @param run evaluates an expression in the page and gives the text it resolves with */
export function evaluateBy(run: (expression: string) => Promise<string>): Evaluate {
  return async <Args extends readonly unknown[], Result>(
    act: (...args: Args) => Result,
    ...args: Args
  ): Promise<Awaited<Result>> => {
    const call = `(${act})(...${JSON.stringify(args)})`
    const json = await run(`(async () => JSON.stringify({ result: await ${call} }))()`)
    return JSON.parse(json).result
  }
}
