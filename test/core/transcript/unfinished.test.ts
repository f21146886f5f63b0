import { expect, it } from 'vitest'
import { unpackKept, unpackPage } from '../../../src/core/session/kept-record.ts'
import { sweepUnfinishedImports } from '../../../src/core/transcript/unfinished.ts'
import { generatePiSession } from '../../fixtures/transcripts/generate.ts'
import { openImportWorker } from './rig.ts'

it('TC24 what a cut off import left is swept, and one that runs in another tab is not', async () => {
  const worker = await openImportWorker()
  const kept = await worker.import({ text: generatePiSession({ turns: 3 }).text })
  const session = generatePiSession({ turns: 200 })
  const living = await openImportWorker(worker.house)

  let dieNow = () => {}
  const deep = new Promise<void>((resolve) => {
    dieNow = resolve
  })
  const dying = worker
    .import({ text: session.text }, { onProgress: (loaded) => loaded > 60_000 && dieNow() })
    .catch((error: unknown) => error)
  await deep
  expect(await sweepUnfinishedImports(living)).toEqual([])
  await worker.kill()
  await dying

  const hidden = (await living.connection.db.sessions.toArray()).filter(
    ({ id, record }) => unpackKept(record, id).hidden,
  )
  expect(hidden).toHaveLength(1)
  expect(unpackPage(await living.sessions.list(living.request(), {})).items.map(({ id }) => id)).toEqual([
    kept.sessionId,
  ])
  expect(await sweepUnfinishedImports(living)).toEqual([hidden[0]?.id])
  expect(await sweepUnfinishedImports(living)).toEqual([])
  expect((await living.connection.db.sessions.toArray()).map(({ id }) => id)).toEqual([kept.sessionId])
  expect(await living.log.tail(String(hidden[0]?.id) as never, 0)).toEqual([])
})
