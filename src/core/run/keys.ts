/** Keys of the steps of one run, made where its body runs. */
export interface StepKeys {
  /**
   * The key of the next call of a step in a scope: run, scope path, name, and which call of that name in that scope it is,
   * from 0. The version is not part of it, so that a newer build finds what an older one recorded.
   */
  next(step: string, scope?: readonly string[]): string
  /** The key of a call that the app names itself, because such calls race. */
  named(step: string, key: string, scope?: readonly string[]): string
}

export function createStepKeys(runId: string): StepKeys {
  const calls = new Map<string, number>()
  return {
    next(step, scope = []) {
      const path = pathOf(runId, step, scope)
      const call = calls.get(path) ?? 0
      calls.set(path, call + 1)
      return `${path}/${call}`
    },
    named: (step, key, scope = []) => `${pathOf(runId, step, scope)}/=${escapePart(key)}`,
  }
}

/** The name in `name@version`. */
export function nameOfStep(step: string): string {
  return step.slice(0, step.lastIndexOf('@'))
}

function pathOf(runId: string, step: string, scope: readonly string[]): string {
  return [runId, ...scope, nameOfStep(step)].map(escapePart).join('/')
}

/** A slash in a name must not look like a border between two. */
function escapePart(part: string): string {
  return part.replaceAll('%', '%25').replaceAll('/', '%2F')
}
