import type { Page } from 'playwright-core'

declare global {
  interface Window {
    layoutShifts?: string[]
  }
}

interface Source {
  readonly node: Node | null
  readonly previousRect: DOMRectReadOnly
  readonly currentRect: DOMRectReadOnly
}

/** Collects what moves by itself on each page that loads from now on. */
export async function watchLayout(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const shifts: string[] = []
    window.layoutShifts = shifts
    const describe = (entry: PerformanceEntry & { readonly sources?: readonly Source[] }) =>
      (entry.sources ?? []).map(({ node, previousRect, currentRect }) => {
        const element = node instanceof Element ? node : node?.parentElement
        return `${element?.outerHTML.slice(0, 80)} from ${previousRect.x},${previousRect.y} to ${currentRect.x},${currentRect.y}`
      })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.push(...describe(entry))
    }).observe({ type: 'layout-shift', buffered: true })
  })
}

/** What moved, and from where to where. */
export function readLayoutShifts(page: Page): Promise<readonly string[]> {
  // Two frames later everything drawn so far has been looked at.
  return page.evaluate(
    () =>
      new Promise<readonly string[]>((resolve) => {
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(window.layoutShifts ?? [])))
      }),
  )
}

/** Pixels that can be scrolled sideways, of the page and of whatever in it is wider than its place without saying so. */
export function readOverflow(page: Page): Promise<number> {
  return page.evaluate(() => {
    const page = document.documentElement
    const columns = [...document.querySelectorAll('.sidebar, .main')]
    return Math.max(...[page, ...columns].map((element) => element.scrollWidth - element.clientWidth))
  })
}
