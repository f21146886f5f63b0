/** What the app on a page does, by name. */

import { defineStep } from '../../src/client/define-step.ts'
import type { Holdfast } from '../../src/client/holdfast.ts'
import type { Session } from '../../src/client/session-handle.ts'
import type { Durability } from '../../src/core/commit.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import {
  type SessionId,
  STORE_STREAM,
  type StreamId,
  scopeStream,
  sessionStream,
} from '../../src/core/ids.ts'
import type { Trace } from './attempt.ts'
import type { Random } from './random.ts'

/** What all tabs' people know, and the bodies of runs have done. */
export interface Known {
  readonly sessions: string[]
  readonly artifacts: { readonly session: string; readonly id: string }[]
  readonly checkpoints: { readonly session: string; readonly id: string }[]
  /** How often the body of an effect was performed, by run and step. */
  readonly effects: Map<string, number>
}

/** An operation that is under way. */
export interface Doing {
  readonly holdfast: Holdfast
  readonly random: Random
  readonly known: Known
  readonly marker: string
  readonly durability: Durability
  /** A handle of one of the sessions that this page may know of. */
  session(): Promise<Session>
  /** Says what it will leave in the log. */
  leaves(trace: Trace): void
}

export interface Operation {
  readonly isStrict: boolean | 'chosen'
  perform(doing: Doing): Promise<unknown>
}

/** May be run again by whoever takes the run over. */
const LOOK_UP = defineStep<number, string>({
  id: 'look-up',
  version: 1,
  purity: 'pure',
  async run(pauseMs) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    return 'found'
  },
})

const KEYS = ['a', 'b', 'c']
const SCOPES = ['global', 'user:1']

export const OPERATIONS = {
  create: strict(async ({ holdfast, known, marker, random, leaves }) => {
    const state = random.chance(0.3) ? { a: 0 } : undefined
    leaves({ type: 'session.created', marker })
    const { id } = await holdfast.sessions.create({ name: marker, ...(state && { state }) })
    known.sessions.push(id)
  }),
  /** Tabs choose the same ids. */
  createChosen: strict(async ({ holdfast, known, marker, random, leaves }) => {
    const id = `chosen-${random.between(1, 3)}`
    leaves({ type: 'session.created', marker, stream: sessionStream(id as SessionId) })
    if (!known.sessions.includes(id)) known.sessions.push(id)
    await holdfast.sessions.create({ id, name: marker })
  }),
  set: chosen(async ({ session, random, marker, durability, leaves }) => {
    const { id, state } = await session()
    leaves({ type: 'state.changed', marker, stream: sessionStream(id) })
    await state.set(random.pick(KEYS), marker, { durability })
  }),
  /** Several writes of one moment. */
  burst: relaxed(async ({ session, random, marker, leaves }) => {
    const { id, state } = await session()
    const writes = Array.from({ length: random.between(2, 5) }, (_, at) => state.set(`burst${at}`, at))
    leaves({ type: 'state.changed', marker, stream: sessionStream(id) })
    await Promise.all([...writes, state.set('burst', marker)])
  }),
  unset: relaxed(async ({ session, random, leaves }) => {
    const { id, state } = await session()
    leaves({ type: 'state.changed', stream: sessionStream(id) })
    await state.delete(random.pick(KEYS))
  }),
  setScope: chosen(async ({ holdfast, random, marker, durability, leaves }) => {
    const scope = random.pick(SCOPES)
    leaves({ type: 'state.changed', marker, stream: scopeStream(scope) })
    await holdfast.state({ scope }).set(random.pick(KEYS), marker, { durability })
  }),
  emit: chosen(async ({ session, marker, durability, leaves }) => {
    const handle = await session()
    leaves({ type: 'app.note', marker, stream: sessionStream(handle.id) })
    await handle.emit('app.note', { marker }, { durability })
  }),
  edit: strict(async ({ session, marker, leaves }) => {
    const handle = await session()
    leaves({ type: 'session.edited', marker, stream: sessionStream(handle.id) })
    await handle.edit({ description: marker })
  }),
  suspend: transition('session.suspended', (session) => session.suspend()),
  resume: transition('session.resumed', (session) => session.resume()),
  complete: transition('session.completed', (session) => session.complete()),
  archive: transition('session.archived', (session) => session.archive()),
  unarchive: transition('session.unarchived', (session) => session.unarchive()),
  fail: strict(async ({ session, marker, leaves }) => {
    const handle = await session()
    leaves({ type: 'session.failed', marker, stream: sessionStream(handle.id) })
    await handle.fail(marker)
  }),
  reopen: strict(async ({ session, marker, leaves }) => {
    const handle = await session()
    leaves({ type: 'session.reopened', marker, stream: sessionStream(handle.id) })
    await handle.reopen(marker)
  }),
  store: strict(async ({ session, random, marker, known, leaves }) => {
    const handle = await session()
    leaves({ type: 'artifact.stored', marker, stream: sessionStream(handle.id) })
    // Some of them alike, so that bytes are shared, and of up to four chunks.
    const content = random.pick(['x', 'y']).repeat(random.pick([0, 10, 64, 100, 250]))
    const name = random.pick(['one', 'two'])
    const { id } = await handle.artifacts.store({ name, content, metadata: { marker } })
    known.artifacts.push({ session: handle.id, id })
  }),
  editArtifact: strict(async ({ session, known, random, marker, leaves }) => {
    const handle = await session()
    const own = known.artifacts.filter((artifact) => artifact.session === handle.id)
    if (own.length === 0) return
    leaves({ type: 'artifact.edited', marker, stream: sessionStream(handle.id) })
    await handle.artifacts.edit(random.pick(own), { description: marker })
  }),
  deleteArtifact: strict(async ({ session, known, random, leaves }) => {
    const handle = await session()
    const own = known.artifacts.filter((artifact) => artifact.session === handle.id)
    if (own.length === 0) return
    leaves({ type: 'artifact.deleted', stream: sessionStream(handle.id) })
    await handle.artifacts.delete(random.pick(own))
  }),
  step: strict(async ({ session, marker, leaves }) => {
    const handle = await session()
    leaves({ type: 'step.completed', marker, stream: sessionStream(handle.id) })
    await handle.step('work', marker, async (input) => input)
  }),
  /** Tabs run the same work, which only one of them may do. */
  run: strict(async ({ session, random, known }) => {
    const handle = await session()
    const key = `job${random.between(1, 2)}`
    // Long enough for others to come by meanwhile, and to take over when this tab's worker dies.
    const pauseMs = random.pick([0, 50, 1_500])
    const effect = (name: string) => async () => {
      const what = `${handle.id} ${key} ${name}`
      known.effects.set(what, (known.effects.get(what) ?? 0) + 1)
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      return name
    }
    await handle.run('job', { key }, async (run) => {
      const first = await run.step('first', 1, effect('first'))
      const second = await run.step(LOOK_UP, pauseMs)
      return [first, second]
    })
  }),
  save: strict(async ({ session, marker, known, leaves }) => {
    const handle = await session()
    leaves({ type: 'session.saved', marker, stream: sessionStream(handle.id) })
    const { id } = await handle.save({ label: marker })
    known.checkpoints.push({ session: handle.id, id })
  }),
  restore: strict(async ({ session, known, random, leaves }) => {
    const handle = await session()
    const own = known.checkpoints.filter((checkpoint) => checkpoint.session === handle.id)
    if (own.length === 0) return
    leaves({ type: 'session.restored', stream: sessionStream(handle.id) })
    await handle.restore(random.pick(own).id)
  }),
  fork: strict(async ({ session, known, marker, leaves }) => {
    const handle = await session()
    leaves({ type: 'session.created', marker })
    const { id } = await handle.fork({ name: marker })
    known.sessions.push(id)
  }),
  delete: strict(async ({ session, leaves }) => {
    const handle = await session()
    leaves({ type: 'session.deleted', marker: handle.id, stream: STORE_STREAM })
    await handle.delete({ children: 'orphan' })
  }),
  list: relaxed(async ({ holdfast }) => holdfast.sessions.list({ limit: 5 })),
  query: relaxed(async ({ session }) => (await session()).timeline.query({ limit: 20 })),
  flush: strict(async ({ holdfast }) => holdfast.flush()),
} as const satisfies Record<string, Operation>

export type OperationName = keyof typeof OPERATIONS

/** Whether nobody can know if an operation that was refused like this happened. */
export function isUncertain(error: unknown): boolean {
  return isHoldfastError(error) && UNCERTAIN.has(error.code)
}

const UNCERTAIN: ReadonlySet<string> = new Set(['OUTCOME_UNKNOWN', 'CLOSED', 'WORKER_START', 'STORAGE_LOST'])

function strict(perform: Operation['perform']): Operation {
  return { isStrict: true, perform }
}

function relaxed(perform: Operation['perform']): Operation {
  return { isStrict: false, perform }
}

function chosen(perform: Operation['perform']): Operation {
  return { isStrict: 'chosen', perform }
}

function transition(type: string, perform: (session: Session) => Promise<unknown>): Operation {
  return strict(async ({ session, leaves }) => {
    const handle = await session()
    const stream: StreamId = sessionStream(handle.id)
    leaves({ type, stream })
    await perform(handle)
  })
}
