/** A session from its creation to its deletion, by the public operations, each tried until it is stored. */
import { defineStep } from '../../src/client/define-step.ts'
import type { Holdfast } from '../../src/client/holdfast.ts'
import type { ChangeOptions } from '../../src/client/request.ts'
import type { Session } from '../../src/client/session-handle.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { type StreamId, scopeStream, sessionStream } from '../../src/core/ids.ts'
import { type Attempt, markerOf } from './attempt.ts'
import type { Tab } from './tab.ts'

/** One fault fails an operation once, and what is opened anew after it perhaps once more. */
const MAX_TRIES = 4

interface Place {
  readonly holdfast: Holdfast
  readonly session: Session
  readonly marker: string
  readonly options: ChangeOptions
}

type Act = (place: Place) => Promise<unknown>

/** Where the outcome of an effect is not known its run is parked; one that has none is run again. */
const LOOK_UP = defineStep<string, string>({
  id: 'look-up',
  version: 1,
  purity: 'pure',
  run: (input) => input,
})

const ACTS: readonly (readonly [type: string, act: Act, stream?: StreamId])[] = [
  ['state.changed', ({ session, marker, options }) => session.state.set('a', marker, options)],
  [
    'state.changed',
    ({ holdfast, marker, options }) => holdfast.state({ scope: 'global' }).set('a', marker, options),
    scopeStream('global'),
  ],
  ['app.note', ({ session, marker, options }) => session.emit('app.note', { marker }, options)],
  [
    'artifact.stored',
    ({ session, marker, options }) =>
      session.artifacts.store({ name: 'one', content: 'x'.repeat(150), metadata: { marker } }, options),
  ],
  [
    'step.completed',
    ({ session, marker }) => session.step('work', marker, (input) => input, { key: marker }),
  ],
  [
    'run.completed',
    ({ session, marker }) => session.run('job', { key: marker }, (run) => run.step(LOOK_UP, marker)),
  ],
  ['session.saved', ({ session, marker, options }) => session.save({ label: marker }, options)],
  ['session.edited', ({ session, marker, options }) => session.edit({ description: marker }, options)],
  ['session.suspended', ({ session, options }) => session.suspend(options)],
  ['session.resumed', ({ session, options }) => session.resume(options)],
  ['session.completed', ({ session, options }) => session.complete(options)],
  ['session.archived', ({ session, options }) => session.archive(options)],
  ['session.unarchived', ({ session, options }) => session.unarchive(options)],
  ['session.created', ({ session, marker, options }) => session.fork({ name: marker }, options)],
]

export interface Played {
  readonly attempts: readonly Attempt[]
  /** Failures, each of which a further try made good. */
  readonly refusals: readonly unknown[]
}

/** In the turn of the page. @throws what no further try made good */
export async function playSession(tab: Tab): Promise<Played> {
  const attempts: Attempt[] = []
  const refusals: unknown[] = []
  const holdfast = await insist(() => tab.open())
  const name = begin('session.created')
  const session = await insist(() => holdfast.sessions.create({ name }, repeatable()))
  for (const [type, act, stream = sessionStream(session.id)] of ACTS) {
    const marker = begin(type, type === 'session.created' ? undefined : stream)
    await insist(() => act({ holdfast, session, marker, options: repeatable() }))
  }
  await insist(() => holdfast.flush())
  return { attempts, refusals }

  /** What is begun is there once in the end. */
  function begin(type: string, stream?: StreamId): string {
    const marker = markerOf(attempts.length)
    const words = hasWords(type) ? { marker } : {}
    const attempt = {
      number: attempts.length,
      tab: tab.page.name,
      operation: type,
      isStrict: true,
      begunAt: 0,
    }
    attempts.push({ ...attempt, state: 'stored', trace: { type, ...words, ...(stream && { stream }) } })
    return marker
  }

  function repeatable(): ChangeOptions {
    return { requestId: `00000000-0000-4000-8000-${String(attempts.length).padStart(12, '0')}` }
  }

  async function insist<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work()
      } catch (error) {
        refusals.push(error)
        if (!isHoldfastError(error) || tries === MAX_TRIES) throw error
        await new Promise((resolve) => setTimeout(resolve, 100))
        if (tab.holdfast?.storage.state === 'lost') await tab.holdfast.reopen()
      }
    }
  }
}

function hasWords(type: string): boolean {
  return !/suspended|resumed|session\.completed|archived/.test(type)
}
