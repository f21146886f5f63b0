import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { addFile, artifactButton, startSession } from './acts.ts'
import { openDemo } from './open-demo.ts'

test('DE13 a file is previewed, downloaded as it was stored, and deleted version by version', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await startSession(page, 'Files')
  await addFile(page, 'plan.md', 'text/markdown', '# First plan\n')
  await page
    .getByLabel('Add files')
    .last()
    .setInputFiles({ name: 'plan.md', mimeType: 'text/markdown', buffer: Buffer.from('# Second plan\n') })
  await artifactButton(page, 'version 2').click()
  const panel = page.getByRole('region', { name: 'Artifact plan.md' })
  await panel.locator('.preview', { hasText: '# Second plan' }).waitFor()

  await panel.getByLabel('Version').selectOption({ index: 1 })
  await panel.locator('.preview', { hasText: '# First plan' }).waitFor()
  const downloading = page.waitForEvent('download')
  await panel.getByRole('button', { name: 'Download' }).click()
  const download = await downloading
  expect(download.suggestedFilename()).toBe('plan.md')
  expect(await readFile(await download.path(), 'utf8')).toBe('# First plan\n')

  await panel.getByRole('button', { name: 'Delete version' }).click()
  await panel.locator('.preview', { hasText: '# Second plan' }).waitFor()
  await panel.getByRole('button', { name: 'Delete version' }).click()
  await page.getByText('No version of plan.md is left.').waitFor()
  await page.getByText('No artifact fits.').waitFor()
})

test('DE13 a picture is shown and runs nothing', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await startSession(page, 'Pictures')
  const drawing =
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><script>document.title = "ran"</script><rect width="40" height="30"/></svg>'
  await addFile(page, 'drawing.svg', 'image/svg+xml', drawing)
  await artifactButton(page, 'drawing.svg').click()

  const picture = page.getByRole('img', { name: 'What drawing.svg shows' })
  await picture.waitFor()

  expect(await picture.evaluate((image) => image instanceof HTMLImageElement && image.naturalWidth)).toBe(40)
  expect(await page.title()).toBe('Holdfast demo')
})

test('DE13 dropped files are stored under their names', async () => {
  await using demo = await openDemo()
  const { page } = demo
  await startSession(page, 'Dropped')
  await page
    .getByRole('navigation', { name: 'Parts of the session' })
    .getByRole('link', { name: 'Artifacts' })
    .click()
  const data = await page.evaluateHandle(() => {
    const transfer = new DataTransfer()
    transfer.items.add(new File(['one'], 'one.txt', { type: 'text/plain' }))
    transfer.items.add(new File(['{"two": 2}'], 'two.json', { type: 'application/json' }))
    return transfer
  })

  await page.getByRole('group', { name: 'Add files' }).dispatchEvent('drop', { dataTransfer: data })

  await artifactButton(page, 'one.txt').waitFor()
  await artifactButton(page, 'two.json').click()
  await page.locator('.preview', { hasText: '"two": 2' }).waitFor()
})
