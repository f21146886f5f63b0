import { createError } from '../errors.ts'
import type { CorrelationId, EventId } from '../ids.ts'
import { type CompareOptions, type CompareRules, compileRules } from './compare-rules.ts'
import { assertModifications, createModifying, type Modification, type Modifying } from './modifications.ts'
import { REPLAY_MODES, type ReplayMode } from './report.ts'

/** What is replayed, and how. */
export interface ReplaySpec {
  /** @defaultValue 'exact' */
  readonly mode?: ReplayMode
  /** The first event that is replayed. @defaultValue the oldest */
  readonly from?: EventId
  /** The last event that is replayed. @defaultValue the newest */
  readonly to?: EventId
  /** Only what carries this correlation. @defaultValue everything */
  readonly correlationId?: CorrelationId
  /** Changes of recorded inputs; in modes `modified`, which needs some, and `debug`. */
  readonly modifications?: readonly Modification[]
  /** `name@version` of effects that may run again. They really do: mails are sent. @defaultValue none */
  readonly effects?: readonly string[]
  readonly compare?: CompareOptions
}

/** A checked {@link ReplaySpec}. */
export interface ReplayPlan extends Pick<ReplaySpec, 'from' | 'to' | 'correlationId'> {
  readonly mode: ReplayMode
  readonly modifying: Modifying
  readonly effects: ReadonlySet<string>
  readonly rules: CompareRules
}

/** @throws INVALID_ARGUMENT naming the part that is wrong */
export function planReplay(spec: ReplaySpec): ReplayPlan {
  const { mode = 'exact', from, to, correlationId, modifications = [], effects = [], compare = {} } = spec
  if (!REPLAY_MODES.includes(mode)) {
    throw wrong(
      'mode',
      `There is no replay mode ${JSON.stringify(mode)}; give one of ${REPLAY_MODES.join(', ')}.`,
    )
  }
  assertModifications(modifications)
  const mayModify = mode === 'modified' || mode === 'debug'
  if (modifications.length > 0 && !mayModify) {
    throw wrong(
      'modifications',
      `Modifications belong to the modes modified and debug; this replay is ${mode}.`,
    )
  }
  if (modifications.length === 0 && mode === 'modified') {
    throw wrong(
      'modifications',
      'A modified replay needs modifications; give at least one, or replay in mode exact.',
    )
  }
  if (mode === 'state' && (from !== undefined || correlationId !== undefined)) {
    const path = from === undefined ? 'correlationId' : 'from'
    throw wrong(
      path,
      `State is what all events make of it, so a state replay takes no ${path}; leave it out.`,
    )
  }
  if (Object(compare) !== compare) {
    throw wrong(
      'compare',
      'compare takes an object of rules; leave it out where nothing is to be overlooked.',
    )
  }
  if (!Array.isArray(effects) || effects.some((name) => typeof name !== 'string')) {
    throw wrong('effects', 'Effects that may run again are named one by one; give a list of name@version.')
  }
  return {
    mode,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(correlationId === undefined ? {} : { correlationId }),
    modifying: createModifying(modifications),
    effects: new Set(effects),
    rules: compileRules(compare),
  }
}

function wrong(path: string, message: string): Error {
  return createError('INVALID_ARGUMENT', message, { path })
}
