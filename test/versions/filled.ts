import type { ArtifactId, SessionId } from '../../src/core/ids.ts'
import type { BuildTab } from './node-build.ts'

/** Uses everything that the first build had, in two sessions. */
export async function fill(tab: BuildTab): Promise<readonly SessionId[]> {
  const bytes = Uint8Array.from({ length: 5_000 }, (_value, at) => at % 251)
  const ids: SessionId[] = []
  for (const name of ['one', 'two']) {
    const { record } = await tab.call('sessions.create', { name, tags: ['kept'], metadata: { n: 1 } })
    const { id } = record
    ids.push(id)
    for (let turn = 0; turn < 12; turn += 1)
      await tab.call('state.write', {
        target: { session: id },
        changes: [{ key: `key-${turn % 8}`, value: { turn } }],
      })
    for (const content of ['first text', bytes])
      await tab.call('artifacts.store', { sessionId: id, name: 'a.bin', kind: 'user_input', content })
    await tab.call('sessions.save', { id, label: 'kept' })
    const { run } = await tab.call('runs.open', { sessionId: id, name: 'count', key: 'once', input: 1 })
    const { epoch } = run
    const ticket = await tab.call('steps.start', {
      sessionId: id,
      step: 'tool:add@1',
      purity: 'pure',
      input: { n: 1 },
      key: 'run/tool:add/0',
      runId: run.id,
      epoch,
    })
    if (ticket.state === 'run') {
      const outcome = { ok: true, value: 2 } as const
      await tab.call('steps.finish', {
        sessionId: id,
        startedId: ticket.startedId,
        runId: run.id,
        epoch,
        outcome,
      })
    }
    await tab.call('timeline.emit', { sessionId: id, type: 'note.taken', data: { text: 'noted' } })
  }
  const [first, second] = ids
  if (first !== undefined) await tab.call('sessions.fork', { id: first, name: 'fork' })
  if (second !== undefined) await tab.call('sessions.transition', { id: second, verb: 'suspend' })
  await tab.call('flush', {})
  return ids
}

/** Everything that the calls of the first build can read of what {@link fill} made. */
export async function contentsOf(tab: BuildTab, ids: readonly SessionId[]) {
  const sessions = []
  for (const id of ids) {
    const { items } = await tab.call('timeline.query', { sessionId: id, limit: 500 })
    const saved = items.find(({ type }) => type === 'session.saved')
    const artifacts = (await tab.call('artifacts.list', { sessionId: id })).items
    sessions.push({
      record: await tab.call('sessions.get', { id }),
      entries: (await tab.call('state.open', { session: id })).entries,
      events: items,
      checkpoints: await tab.call('sessions.checkpoints', { id }),
      past: saved && (await tab.call('sessions.at', { id, event: saved.id })),
      artifacts,
      bytes: await Promise.all(artifacts.map((artifact) => readWhole(tab, artifact))),
      runs: await tab.call('runs.list', { sessionId: id }),
    })
  }
  return { listed: (await tab.call('sessions.list', { sortBy: 'name' })).items, sessions }
}

async function readWhole(
  tab: BuildTab,
  { id, sizeBytes }: { readonly id: ArtifactId; readonly sizeBytes: number },
) {
  return [...(await tab.call('artifacts.read', { id, start: 0, end: sizeBytes }))]
}
