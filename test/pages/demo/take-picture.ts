import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { root } from '../../../scripts/report.mjs'

/** Not kept in git. */
const PICTURES = join(root, 'test/pages/demo/__screenshots__')

/** Takes a picture for somebody to look at, where `HOLDFAST_PICTURES=1` asks for some: no test compares them. */
export async function takePicture(page: Page, view: string): Promise<void> {
  if (process.env.HOLDFAST_PICTURES !== '1') return
  const { width = 0 } = page.viewportSize() ?? {}
  await page.screenshot({ path: join(PICTURES, `${view}-${width}.png`) })
}
