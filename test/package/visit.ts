import { expect } from 'vitest'
import { openContext } from '../pages/harness/shared-chromium.ts'

export interface Visit {
  /** What the page shows at its first visit and after a reload. */
  readonly lines: readonly (string | null)[]
  /** Files of the scripts that the page's workers ran. */
  readonly workers: readonly string[]
}

/** Visits a page as somebody who was never there before, then reloads it. A complaint in its console fails the test. */
export async function visitTwice(url: string): Promise<Visit> {
  const context = await openContext()
  const page = await context.newPage()
  const complaints: string[] = []
  const workers = new Set<string>()
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('worker', (worker) => workers.add(new URL(worker.url()).pathname))
  const shown = () => page.locator('output:not(:empty)').textContent()

  await page.goto(url)
  const first = await shown()
  await page.reload()
  const second = await shown()
  await context.close()

  expect(complaints).toEqual([])
  return { lines: [first, second], workers: [...workers] }
}
