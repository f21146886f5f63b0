/** Replays saved recordings with the code of today: what would a session of an earlier release do now? */

import type { App } from '../core/app/app.ts'
import { createError, isHoldfastError } from '../core/errors.ts'
import type { DefaultHookOptions } from '../core/hook/built-in.ts'
import { defaultHooks } from '../core/hook/default-hooks.ts'
import type { HookDefinition } from '../core/hook/definition.ts'
import { moreHooks } from '../core/hook/more-hooks.ts'
import { isPointName } from '../core/hook/points.ts'
import { createRedactor } from '../core/hook/redactor.ts'
import { createHookRegistry } from '../core/hook/registry.ts'
import type { RerunnableHook } from '../core/hook/rerun.ts'
import type { WallClock } from '../core/ports.ts'
import type { CompareOptions } from '../core/replay/compare-rules.ts'
import type { PlayerDeps } from '../core/replay/definitions.ts'
import { createPlayer } from '../core/replay/player.ts'
import { notOne, readRecording, redactionOptions } from '../core/replay/recording.ts'
import { planReplay } from '../core/replay/replay-input.ts'
import type { Divergence, ReplayReport } from '../core/replay/report.ts'
import { isAtLeast } from '../core/replay/severity.ts'
import { stepsOf } from '../core/replay/steps-of-app.ts'
import type { StateValue } from '../core/state/value.ts'

export interface CheckRecordingsOptions {
  /** Of the app's own worker, as `serveHoldfast` gets them; those of pages too. */
  readonly hooks?: readonly HookDefinition[]
  /** The built-in hooks, as `serveHoldfast` gets them. */
  readonly builtIn?: DefaultHookOptions
  /** What the comparison overlooks. */
  readonly compare?: CompareOptions
}

/** How one recording went. */
export interface RecordingCheck {
  /** Name of the file. */
  readonly file: string
  readonly verdict: ReplayReport['verdict']
  /** The first divergence that counts; absent where there is none. */
  readonly first?: Divergence
  readonly report: ReplayReport
}

/** The text of a recording, and the name it goes by. */
export interface RecordingText {
  readonly file: string
  readonly text: string
}

/**
 * Replays each recording exactly: the app's steps on the recorded inputs, and the recorded hooks on what comes out. Files
 * come from `session.saveRecording()`. Steps whose bodies use `ctx.session` have none here.
 *
 * @param recordings a folder, whose `*.json` files are read (in Node), or the texts themselves
 * @throws INVALID_ARGUMENT where there is no recording: nothing checked is no success
 * @throws INVALID_VALUE for a file that is none, VERSION_MISMATCH for one of a newer build
 *
 * @example
 * for (const { file, verdict, first } of await checkRecordings('test/recordings', app)) {
 *   if (verdict !== 'same') throw new Error(`${file}: ${verdict} ${first?.subject} ${first?.path}`)
 * }
 */
export async function checkRecordings(
  recordings: string | readonly RecordingText[],
  app: App,
  options: CheckRecordingsOptions = {},
): Promise<readonly RecordingCheck[]> {
  const texts = typeof recordings === 'string' ? await readFolder(recordings) : recordings
  if (texts.length === 0) {
    throw createError(
      'INVALID_ARGUMENT',
      `There is no recording in ${String(recordings) || 'the list'}, so nothing was checked; save some with session.saveRecording().`,
      { path: 'recordings' },
    )
  }
  const checks: RecordingCheck[] = []
  for (const recording of texts) checks.push(await checkOne(recording, app, options))
  return checks
}

async function checkOne(
  { file, text }: RecordingText,
  app: App,
  { hooks = [], builtIn, compare = {} }: CheckRecordingsOptions,
): Promise<RecordingCheck> {
  const { events, withheld, redaction } = readRecording(text, file)
  const plan = planReplay({ mode: 'exact', compare })
  const defaults = defaultHooks(builtIn, moreHooks)
  const registry = createHookRegistry({ wall: WALL })
  for (const hook of [...defaults.hooks, ...hooks]) registry.register(hook)
  const steps = stepsOf(app)
  const deps: PlayerDeps = {
    events: async function* () {
      yield events
    },
    readValue: (recorded) => ('inline' in recorded ? recorded.inline : missingValue(file)),
    findStep: (step) => steps.get(step),
    findHook: (hook, stage) =>
      registry.find(hook, 'step:run', stage) as RerunnableHook<'step:run'> | undefined,
    knowsHook: (hook, point, stage) => isPointName(point) && registry.find(hook, point, stage) !== undefined,
    rerun: {
      wall: WALL,
      digest: {
        sha256: async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes.slice())),
      },
      ...(defaults.redactor === undefined ? {} : { redact: defaults.redactor.redact }),
    },
    withheld: new Set(withheld),
    redact: createRedactor(redactionOptions(redaction)).redact,
  }
  const player = createPlayer(deps, plan)
  await player.advance().catch((error: unknown) => {
    // An event that is not what its type says.
    throw isHoldfastError(error) ? error : notOne(file, error)
  })
  const report = player.report()
  const first = report.divergences.find(({ severity }) => isAtLeast(severity, plan.rules.threshold))
  return { file, verdict: report.verdict, ...(first === undefined ? {} : { first }), report }
}

/** A recording holds its values whole. */
function missingValue(file: string): StateValue {
  throw createError('INVALID_VALUE', `${file} lacks a value that it names; save the recording again.`, {
    file,
  })
}

async function readFolder(folder: string): Promise<readonly RecordingText[]> {
  const files = (globalThis as NodeHost).process?.getBuiltinModule?.('node:fs/promises')
  if (files === undefined) {
    throw createError(
      'INVALID_ARGUMENT',
      'Folders are read in Node alone; give the texts of the recordings.',
      {
        path: 'recordings',
      },
    )
  }
  const names = await files.readdir(folder).catch((cause: unknown) => {
    throw createError(
      'INVALID_ARGUMENT',
      `The folder ${folder} cannot be read.`,
      { path: 'recordings' },
      cause,
    )
  })
  return Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map(async (file) => ({ file, text: await files.readFile(`${folder}/${file}`, 'utf8') })),
  )
}

/** What is used of Node, where this runs in it: an import would be followed by bundlers for browsers. */
interface NodeHost {
  readonly process?: { readonly getBuiltinModule?: (name: 'node:fs/promises') => NodeFiles }
}

interface NodeFiles {
  readdir(folder: string): Promise<string[]>
  readFile(path: string, encoding: 'utf8'): Promise<string>
}

const WALL: WallClock = {
  now: () => Date.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
}
