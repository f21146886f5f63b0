import { describe, expect, it } from 'vitest'
import { createError } from '../../../src/core/errors.ts'
import type { Journal } from '../../../src/core/ports.ts'
import { MAX_BATCH_PLANS, MAX_WAITING_BATCHES } from '../../../src/core/transcript/batch.ts'
import { createImporter } from '../../../src/core/transcript/import.ts'
import { generatePiSession } from '../../fixtures/transcripts/generate.ts'
import { countCommits as countRows } from '../../storage/rig.ts'
import { newHouse } from '../run/rig.ts'
import { type ImportWorker, openImportWorker } from './rig.ts'

/** A journal whose `nth` commit fails, from the moment it is told to. */
function failing(nth: () => number): (journal: Journal) => Journal {
  return (journal) => {
    let commits = 0
    return {
      ...journal,
      async commit(operation) {
        commits += 1
        if (commits === nth()) throw createError('QUOTA_EXCEEDED', 'The disk is full.')
        return journal.commit(operation)
      },
    }
  }
}

async function countCommits(text: string): Promise<number> {
  let commits = 0
  const worker = await openImportWorker(newHouse(), (journal) => ({
    ...journal,
    commit(operation) {
      commits += 1
      return journal.commit(operation)
    },
  }))
  await worker.import({ text })
  return commits
}

const rowsOf = async ({ connection, connection: { db } }: ImportWorker) => ({
  sessions: await db.sessions.count(),
  commits: await countRows({ connection }),
  heads: await db.heads.count(),
  artifacts: await db.artifacts.count(),
  named: (await db.contents.toArray()).filter((row) => row.references > 0).length,
  intakes: await db.meta.filter(({ key }) => Array.isArray(key) && key[0] === 'intake').count(),
})

const NOTHING = { sessions: 0, commits: 0, heads: 0, artifacts: 0, named: 0, intakes: 0 }

describe('faults of an import', () => {
  it('TC25 whichever commit fails, the import fails with its error and leaves nothing', async () => {
    const { text } = generatePiSession({ turns: 6 })
    const commits = await countCommits(text)
    expect(commits).toBeGreaterThan(5)
    for (let nth = 1; nth <= commits; nth += 1) {
      const worker = await openImportWorker(
        newHouse(),
        failing(() => nth),
      )
      await expect(worker.import({ text }), `commit ${nth}`).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
      expect(await rowsOf(worker), `commit ${nth}`).toEqual(NOTHING)
      expect((await worker.import({ text })).skipped).toEqual([])
    }
  }, 60_000)

  it('TC25 chunks of large values that were taken in for a commit that failed are given up', async () => {
    const large = 'x'.repeat(2_500_000)
    const message = { role: 'user', content: large }
    const call = { type: 'toolCall', id: 'c', name: 'bash', arguments: { large } }
    const result = { role: 'toolResult', toolCallId: 'c', content: large, details: large }
    const text = [message, { role: 'assistant', content: [call] }, result]
      .map((one) => `${JSON.stringify({ type: 'message', message: one })}\n`)
      .join('')
    const commits = await countCommits(text)
    for (let nth = 2; nth <= commits; nth += 1) {
      const worker = await openImportWorker(
        newHouse(),
        failing(() => nth),
      )
      await expect(worker.import({ text }), `commit ${nth}`).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
      expect(await rowsOf(worker), `commit ${nth}`).toEqual(NOTHING)
    }
  }, 60_000)

  it('TC26 the source is read only as fast as what was read is stored', async () => {
    const worker = await openImportWorker(newHouse(), (journal) => ({
      ...journal,
      async commit(operation) {
        const outcome = await journal.commit(operation)
        // A slow disk: the answer comes some turns later.
        for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
        return outcome
      },
    }))
    const count = 2_000
    let read = 0
    let stored = 0
    let furthest = 0
    worker.journal.onStored((rows) => {
      for (const { events } of rows) stored += events.filter(({ type }) => type === 'message.added').length
    })
    async function* source() {
      const line = new TextEncoder().encode('{"type":"message","message":{"role":"user","content":"hi"}}\n')
      for (; read < count; read += 1) {
        furthest = Math.max(furthest, read - stored)
        yield line
      }
    }
    const run = createImporter({ ...worker, templates: () => undefined })
    await run(worker.request(), { format: 'pi-session', source: source() })
    expect(stored).toBe(count)
    expect(furthest).toBeGreaterThan(MAX_BATCH_PLANS)
    expect(furthest).toBeLessThanOrEqual((MAX_WAITING_BATCHES + 1) * MAX_BATCH_PLANS + 1)
  }, 30_000)

  it('TC19 a source is closed whenever its import ends early', async () => {
    const worker = await openImportWorker()
    const run = createImporter({ ...worker, templates: () => undefined })
    const ends: Record<string, { readonly text: string; readonly signal?: AbortSignal }> = {
      'a broken line': { text: '{"broken\n' },
      'an abort': { text: '{"type":"x"}\n', signal: AbortSignal.abort() },
    }
    for (const [why, { text, signal }] of Object.entries(ends)) {
      let closed = signal !== undefined
      async function* source() {
        try {
          for (;;) yield new TextEncoder().encode(text)
        } finally {
          closed = true
        }
      }
      const options = signal === undefined ? {} : { signal }
      await expect(
        run(worker.request(), { format: 'pi-session', source: source() }, options),
        why,
      ).rejects.toThrow()
      expect(closed, why).toBe(true)
    }
  })

  it('TC25 a source that fails fails its import, with its own error', async () => {
    const worker = await openImportWorker()
    const run = createImporter({ ...worker, templates: () => undefined })
    async function* source() {
      yield new TextEncoder().encode('{"type":"x"}\n')
      throw new TypeError('network')
    }
    await expect(run(worker.request(), { format: 'pi-session', source: source() })).rejects.toThrow('network')
    expect(await rowsOf(worker)).toEqual(NOTHING)
  })
})
