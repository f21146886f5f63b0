import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { openVisit } from '../pages/harness/shared-chromium.ts'

export interface Visit {
  /** What the page shows at its first visit and after a reload. */
  readonly lines: readonly (string | null)[]
  /** What it logged. */
  readonly logs: readonly string[]
  /** Files of the scripts that the page's workers ran. */
  readonly workers: readonly string[]
}

/**
 * Visits a page as somebody who was never there before, then reloads it. A complaint in its console fails the test.
 * @param ends how the page says that its work is done: it shows a line, or it logs one
 */
export async function visitTwice(url: string, ends: 'line' | 'log' = 'line'): Promise<Visit> {
  await using here = await openVisit(new URL(url).origin)
  const page = await here.newPage()
  const complaints: string[] = []
  const logs: string[] = []
  const workers = new Set<string>()
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    if (message.type() === 'log') logs.push(message.text())
  })
  page.on('worker', (worker) => workers.add(new URL(worker.url()).pathname))
  const visit = async (go: () => Promise<unknown>) => {
    const end =
      ends === 'log' ? page.waitForEvent('console', (message) => message.type() === 'log') : undefined
    await go()
    await end
    return ends === 'line' ? lineOf(page) : null
  }

  const lines = [await visit(() => page.goto(url)), await visit(() => page.reload())]

  expect(complaints).toEqual([])
  return { lines, logs, workers: [...workers] }
}

function lineOf(page: Page): Promise<string | null> {
  return page.locator('output:not(:empty)').textContent()
}
