import type { Page } from 'playwright-core'
import { onTestFinished } from 'vitest'

const BUSY_MS = 400

/**
 * Stops the process of a page where it stands, workers and all, as a browser does with a page that it freezes: it keeps
 * its locks and answers nothing. The function returned lets it go on.
 */
export async function stopRenderer(page: Page): Promise<() => void> {
  const pid = await rendererOf(page)
  process.kill(pid, 'SIGSTOP')
  const resume = () => {
    process.kill(pid, 'SIGCONT')
  }
  onTestFinished(resume)
  return resume
}

/** The browser does not say which process is whose: it is the one that works when the page does. */
async function rendererOf(page: Page): Promise<number> {
  const browser = page.context().browser()
  if (browser === null) throw new Error('The page has no browser.')
  const session = await browser.newBrowserCDPSession()
  const times = async () => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    return new Map(
      processInfo.filter(({ type }) => type === 'renderer').map(({ id, cpuTime }) => [id, cpuTime]),
    )
  }
  const before = await times()
  await page.evaluate((busyMs) => {
    const end = performance.now() + busyMs
    while (performance.now() < end);
  }, BUSY_MS)
  const worked = [...(await times())].map(([id, time]) => ({ id, time: time - (before.get(id) ?? 0) }))
  await session.detach()
  const [most] = worked.sort((a, b) => b.time - a.time)
  if (most === undefined) throw new Error('The browser has no renderer.')
  return most.id
}
