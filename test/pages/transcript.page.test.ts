import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generatePiSession } from '../fixtures/transcripts/generate.ts'
import { realTranscript } from '../fixtures/transcripts/locate.ts'
import { startChromium } from './harness/chromium.ts'
import { buildFixture } from './harness/fixture.ts'
import { serveFolder } from './harness/static-server.ts'
import { expectationsOf } from './transcript/expectations.ts'
import { checkRestored, importTranscript, replayTranscript } from './transcript/in-page.ts'

/** The real transcript where it lies beside the project, and one like it in every case. */
const transcripts = [
  { of: 'a generated session', text: generatePiSession({ seed: 7 }).text, figures: undefined },
  ...['pi-mono/large-session.jsonl'].flatMap((path) => {
    const file = realTranscript(path)
    if (file === undefined) return []
    // 88 of a person and 453 of the agent are messages; 373 results and 18 calls without one are steps.
    const figures = { messages: 541, results: 373, calls: 391, failed: 19 }
    return [{ of: `the real session ${path}`, text: readFileSync(file, 'utf8'), figures }]
  }),
]

for (const { of, text, figures } of transcripts) {
  test(`EE1 ${of} is imported, and after a reload without a network everything is there and replays`, async () => {
    const expected = expectationsOf(text)
    if (figures !== undefined) {
      expect({ ...expected, messages: expected.messages.length }).toMatchObject(figures)
    }
    await using site = await serveFolder(await buildFixture('plain'))
    await using browser = await startChromium()
    const page = await browser.context.newPage()
    await page.goto(site.origin)
    await page.evaluate(async () => void (await navigator.serviceWorker.ready))

    const id = await page.evaluate(importTranscript, { name: 'transcripts', text })
    await browser.context.setOffline(true)
    await site.stop()
    await page.reload()
    await page.waitForFunction(() => window.holdfast !== undefined)

    const restored = await page.evaluate(checkRestored, { name: 'transcripts', id })
    expect(restored.messages).toEqual(expected.messages)
    expect(restored.artifacts).toEqual(expected.artifacts)
    expect(restored.correlations).toBe(1)
    expect(restored.state).toEqual({ verdict: 'ported', progress: { done: 3, of: 3 } })
    expect(restored.status).toBe('completed')
    expect(restored.counters).toMatchObject({
      steps: expected.calls,
      stepsFailed: expected.failed,
      artifacts: expected.results,
    })

    const same = await page.evaluate(replayTranscript, {
      name: 'transcripts',
      id,
      text,
      lie: null,
      define: true,
    })
    expect(same.divergences).toEqual([])
    expect(same.steps).toEqual({
      rerun: expected.results,
      effects: 0,
      runnable: 0,
      answered: 0,
      withheld: 0,
      unfinished: expected.calls - expected.results,
      missing: [],
    })
    expect(same.hooks.rerun).toBeGreaterThan(expected.results)
    expect(same.verdict).toBe('same')

    const lied = await page.evaluate(replayTranscript, {
      name: 'transcripts',
      id,
      text,
      lie: expected.lie,
      define: true,
    })
    expect(lied.verdict).toBe('diverged')
    expect(lied.divergences.map(({ key }) => key)).toEqual(lied.divergences.map(() => expected.lie))
    expect(lied.divergences.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^step tool:/),
        expect.stringMatching(/^hook metrics/),
        expect.stringMatching(/^hook collect-/),
      ]),
    )

    const without = await page.evaluate(replayTranscript, {
      name: 'transcripts',
      id,
      text,
      lie: null,
      define: false,
    })
    expect(without.verdict).toBe('nothing to check')
    expect(without.steps.rerun).toBe(0)
  }, 120_000)
}
