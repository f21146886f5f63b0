/** A session from its creation to its deletion, by the public operations, each tried until it is stored. */
import { defineStep } from '../../src/client/define-step.ts'
import type { ChangeOptions } from '../../src/client/request.ts'
import type { Session } from '../../src/client/session-handle.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import {
  type SessionId,
  STORE_STREAM,
  type StreamId,
  scopeStream,
  sessionStream,
} from '../../src/core/ids.ts'
import { type Attempt, markerOf } from './attempt.ts'
import type { Tab } from './tab.ts'

/** One fault fails an operation once, and what is opened anew after it perhaps once more. */
const MAX_TRIES = 4

/** How far the session has come. */
export interface Story {
  readonly attempts: readonly Attempt[]
  readonly session?: SessionId
  readonly checkpoint?: string
}

interface Place {
  readonly tab: Tab
  readonly story: Story
  readonly marker: string
  readonly options: ChangeOptions
  session(): Promise<Session>
  insist<Result>(work: () => Promise<Result>): Promise<Result>
}

/** What it found out is a part of the story from then on. */
type Act = (place: Place) => Promise<Partial<Story>>

/** Where the outcome of an effect is not known its run is parked; one that has none is run again. */
const LOOK_UP = defineStep<string, string>({
  id: 'look-up',
  version: 1,
  purity: 'pure',
  run: (input) => input,
})

const SHARED = scopeStream('global')

export const ACTS: readonly (readonly [type: string, act: Act, stream?: StreamId])[] = [
  ['session.created', create],
  ['state.changed', does((session, { marker, options }) => session.state.set('a', marker, options))],
  ['state.changed', setShared, SHARED],
  ['app.note', does((session, { marker, options }) => session.emit('app.note', { marker }, options))],
  ['artifact.stored', does(storeArtifact)],
  [
    'step.completed',
    does((session, { marker }) => session.step('work', marker, (input) => input, { key: marker })),
  ],
  [
    'run.completed',
    does((session, { marker }) => session.run('job', { key: marker }, (run) => run.step(LOOK_UP, marker))),
  ],
  ['session.saved', save],
  ['state.changed', does((session, { marker, options }) => session.state.set('a', marker, options))],
  [
    'session.restored',
    does((session, { story, options }) => session.restore(story.checkpoint ?? '', options)),
  ],
  ['session.edited', does((session, { marker, options }) => session.edit({ description: marker }, options))],
  ['session.suspended', does((session, { options }) => session.suspend(options))],
  ['session.resumed', does((session, { options }) => session.resume(options))],
  ['session.completed', does((session, { options }) => session.complete(options))],
  ['session.archived', does((session, { options }) => session.archive(options))],
  ['session.unarchived', does((session, { options }) => session.unarchive(options))],
  ['session.created', does((session, { marker, options }) => session.fork({ name: marker }, options))],
  ['state.changed', closeAndOpen, SHARED],
  [
    'session.deleted',
    does((session, { options }) => session.delete({ children: 'orphan' }, options)),
    STORE_STREAM,
  ],
]

export interface Played {
  readonly story: Story
  /** Failures, each of which a further try made good. */
  readonly refusals: readonly unknown[]
}

/** Plays one act in the turn of the page, and closes. @throws what no further try made good */
export async function playAct(at: number, tab: Tab, before: Story, onBegun: () => void): Promise<Played> {
  const [type, act, stream] = ACTS[at] ?? raise()
  const refusals: unknown[] = []
  const number = before.attempts.length
  const marker = markerOf(number)
  const options = { requestId: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}` }
  const place: Place = {
    tab,
    story: before,
    marker,
    options,
    insist,
    session: async () => (await opened(tab)).sessions.open(before.session ?? ''),
  }
  if (before.session !== undefined) {
    await tab.open()
    await place.session()
  }
  onBegun()
  const found = await insist(() => act(place))
  await insist(() => opened(tab).flush())
  await insist(() => opened(tab).close())
  return { story: { ...before, ...found, attempts: [...before.attempts, attempted()] }, refusals }

  /** What is begun is there once in the end. */
  function attempted(): Attempt {
    const attempt = { number, tab: tab.page.name, operation: type, isStrict: true, begunAt: 0 }
    const words = wordsOf(type, marker, before.session)
    const where =
      type === 'session.created' ? undefined : (stream ?? sessionStream(before.session ?? raise()))
    return { ...attempt, state: 'stored', trace: { type, ...words, ...(where && { stream: where }) } }
  }

  async function insist<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work()
      } catch (error) {
        refusals.push(error)
        if (!isHoldfastError(error) || tries === MAX_TRIES) throw error
        if (tab.holdfast?.storage.state === 'lost') await tab.holdfast.reopen()
      }
    }
  }
}

function does(work: (session: Session, place: Place) => Promise<unknown>): Act {
  return async (place) => {
    await work(await place.session(), place)
    return {}
  }
}

async function create({ tab, marker, options }: Place): Promise<Partial<Story>> {
  const holdfast = tab.holdfast ?? (await tab.open())
  const { id } = await holdfast.sessions.create({ name: marker }, options)
  return { session: id }
}

function storeArtifact({ artifacts }: Session, { marker, options }: Place): Promise<unknown> {
  return artifacts.store({ name: 'one', content: 'x'.repeat(150), metadata: { marker } }, options)
}

async function save({ session, marker, options }: Place): Promise<Partial<Story>> {
  const { id } = await (await session()).save({ label: marker }, options)
  return { checkpoint: id }
}

async function setShared({ tab, marker, options }: Place): Promise<Partial<Story>> {
  await opened(tab).state({ scope: 'global' }).set('a', marker, options)
  return {}
}

/** A write that is under way, a close that waits for it, and a worker of its own for what comes after. */
async function closeAndOpen(place: Place): Promise<Partial<Story>> {
  const { tab, insist } = place
  await insist(() => setShared(place))
  await insist(() => opened(tab).close())
  await insist(() => tab.open())
  await insist(() => place.session())
  return {}
}

function opened({ holdfast }: Tab) {
  if (holdfast === undefined) throw new Error('The page is not open.')
  return holdfast
}

function wordsOf(type: string, marker: string, session: string | undefined): { readonly marker?: string } {
  if (type === 'session.deleted') return { ...(session && { marker: session }) }
  return /suspended|resumed|restored|session\.completed|archived/.test(type) ? {} : { marker }
}

function raise(): never {
  throw new Error('The story has not come that far.')
}
