/** Steps are recorded, answer from the recording, and can be lived again. */
import { defineApp, defineStep, openHoldfast } from 'holdfast'

/** What the tool answers; a later build of the app might answer something else. */
const rates = { eur: 1.1 }

const convert = defineStep({
  id: 'tool:convert',
  version: 1,
  purity: 'pure',
  run: ({ amount }: { amount: number }) => ({ usd: amount * rates.eur }),
})

export async function replay(name: string) {
  await using holdfast = await openHoldfast({ name, app: defineApp({ steps: [convert] }) })
  const session = await holdfast.sessions.create({ name: 'Travel' })
  await session.step(convert, { amount: 100 })

  const same = await session.replay({ mode: 'exact' }).report
  rates.eur = 1.2
  const changed = await session.replay({ mode: 'exact' }).report
  rates.eur = 1.1

  // What would it have said to another input?
  const modified = await session.replay({
    mode: 'modified',
    modifications: [{ step: 'tool:convert@1', path: 'amount', value: 200 }],
  }).report

  // Stopped before the step runs again, and let go on.
  const debugged = session.replay({ mode: 'debug', breakpoints: [{ on: 'step', step: 'tool:*' }] })
  const stop = await debugged.stopped()
  debugged.resume()
  await debugged.report

  const collected = await session.artifacts.list({ kind: 'tool_result' })
  return {
    same: same.verdict,
    changed: changed.divergences.map(({ kind, subject }) => `${kind} ${subject}`),
    modified: modified.modified.map(({ from, to }) => [from, to]),
    stoppedBefore: stop?.step,
    collected: collected.items.length,
  }
}
