import { MAX_TAG_CHARACTERS, parseDraft } from '../artifact/fields.ts'
import { MAX_NAME_CHARACTERS } from '../artifact/names.ts'
import { createError } from '../errors.ts'
import { admitState } from '../state/admit.ts'
import type { StateValue } from '../state/value.ts'
import { sizeOfValue } from '../state/value-size.ts'
import { COLLECTOR_PRIORITY } from './collector-priority.ts'
import { cutText } from './cut-text.ts'
import { defineHook } from './define-hook.ts'
import type { Collected, HookDefinition, HookOutcome, StepDraft } from './definition.ts'
import { toHex } from './hex.ts'
import { andThen, type Soon } from './in-turn.ts'
import type { Redactor } from './redactor.ts'
import { shareOf } from './share-of.ts'

/** Bytes of the largest result that is collected unless told otherwise. */
export const COLLECT_MAX_BYTES = 10_485_760

/** Largest input that is kept in an artifact's metadata, in bytes; a larger one is in the timeline only. */
export const PARAMETERS_LIMIT_BYTES = 8_192

export interface CollectorOptions {
  /** Smaller results are left. @defaultValue 0 */
  readonly minBytes?: number
  /** Larger results are left. @defaultValue 10,485,760 */
  readonly maxBytes?: number
  /** Whether what a failed step said is collected too. @defaultValue true */
  readonly errors?: boolean
  /** Share of steps, 0 to 1, whose results are collected; which ones is decided by their keys. @defaultValue 1 */
  readonly sampling?: number
  /** Tags beside the collector's own. */
  readonly tags?: readonly string[]
  /** Takes secrets out of the parameters in the metadata. The content is never touched. */
  readonly redactor?: Redactor
}

/** Makes an artifact of each tool's result: of steps `tool:<name>`, and of an imported transcript's calls. */
export function toolResultCollector(options: CollectorOptions = {}): HookDefinition {
  return collector(
    'collect-tool-results',
    'tool_result',
    (draft) => draft.tool ?? nameAfter('tool:', draft.step),
    options,
  )
}

/** Makes an artifact of each agent's output: of steps `agent:<name>`. */
export function agentOutputCollector(options: CollectorOptions = {}): HookDefinition {
  return collector(
    'collect-agent-outputs',
    'agent_output',
    (draft) => nameAfter('agent:', draft.step),
    options,
  )
}

type Outcome = HookOutcome<'step:run', 'record'>

/**
 * @param nameOf the name of what ran, undefined for a step that is none of this collector's
 * @throws INVALID_ARGUMENT for an option out of its range
 */
function collector(
  id: string,
  kind: string,
  nameOf: (draft: StepDraft) => string | undefined,
  options: CollectorOptions,
): HookDefinition {
  const {
    minBytes = 0,
    maxBytes = COLLECT_MAX_BYTES,
    errors = true,
    sampling = 1,
    tags = [],
    redactor,
  } = options
  assertRange('minBytes', minBytes, 0, Number.MAX_SAFE_INTEGER)
  assertRange('maxBytes', maxBytes, 0, Number.MAX_SAFE_INTEGER)
  assertRange('sampling', sampling, 0, 1)
  parseDraft({ ...EMPTY_DRAFT, tags })

  function collect(draft: StepDraft, name: string): Soon<Outcome> | undefined {
    const found = contentOf(draft)
    if (found === undefined) return undefined
    const isError = draft.phase === 'failed'
    if (isError && !errors) return left('error')
    if (shareOf(draft.key) >= sampling) return left('not sampled')
    const sizeBytes = bytesOf(found.content)
    if (sizeBytes < minBytes) return left('too small', sizeBytes)
    if (sizeBytes > maxBytes) return left('too large', sizeBytes)
    const own = ['auto-collected', kind, nameable(name, MAX_TAG_CHARACTERS), ...(isError ? ['error'] : [])]
    return andThen(saidOf(found, isError, redactor), (said) =>
      andThen(metadataOf(draft, isError, redactor), (metadata) => ({
        kind: 'collect',
        artifacts: [
          {
            ...said,
            name: artifactName(name, draft.key),
            kind,
            description: '',
            tags: [...own, ...tags],
            metadata,
          },
        ],
      })),
    )
  }

  return defineHook({
    id,
    version: 1,
    point: 'step:run',
    stage: 'record',
    priority: COLLECTOR_PRIORITY,
    // A step that has run must be recorded, also when its result cannot be collected.
    onError: 'ignore',
    run(draft) {
      const name = draft.phase === 'started' ? undefined : nameOf(draft)
      return name === undefined ? undefined : collect(draft, name)
    },
  })
}

const EMPTY_DRAFT = {
  name: 'draft',
  kind: 'draft',
  mime: 'text/plain',
  description: '',
  tags: [],
  metadata: {},
} as const

/** What a step gave, as bytes or text, and what that is. A step that gave nothing has none. */
function contentOf({ phase, result, error }: StepDraft): Pick<Collected, 'content' | 'mime'> | undefined {
  if (phase === 'failed')
    return error === undefined ? undefined : { content: error.message, mime: 'text/plain' }
  if (typeof result === 'string') return { content: result, mime: 'text/plain' }
  if (result instanceof Uint8Array) return { content: result, mime: 'application/octet-stream' }
  if (result === undefined) return undefined
  const tagged = isTagged(result) ? result : {}
  if (tagged.$type === 'undefined') return undefined
  if (tagged.$type === 'blob' && tagged.value instanceof Uint8Array)
    return { content: tagged.value, mime: mimeOf(tagged.mime) }
  return { content: jsonOf(result), mime: 'application/json' }
}

/** What went wrong is told as it is recorded; what a step gave is its own. */
function saidOf(
  found: Pick<Collected, 'content' | 'mime'>,
  isError: boolean,
  redactor: Redactor | undefined,
): Soon<Pick<Collected, 'content' | 'mime'>> {
  if (!isError || redactor === undefined) return found
  return andThen(redactor.redact(found.content), (content) => ({ ...found, content: String(content) }))
}

/** A step's value in its recorded form stands in a tagged object where JSON has nothing like it. */
function isTagged(value: StateValue): value is { readonly [key: string]: StateValue } {
  return typeof value === 'object' && value !== null && '$type' in value
}

/** A Blob may have no type, or one that no artifact can have. */
function mimeOf(mime: unknown): string {
  try {
    return parseDraft({ ...EMPTY_DRAFT, mime: String(mime) }).mime
  } catch {
    return 'application/octet-stream'
  }
}

function jsonOf(value: StateValue): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    item instanceof Uint8Array ? { $type: 'bytes', hex: toHex(item) } : item,
  )
}

function metadataOf(
  { step, key, input, error }: StepDraft,
  isError: boolean,
  redactor: Redactor | undefined,
): Soon<Collected['metadata']> {
  const about = {
    step: wellFormed(step),
    key: wellFormed(key),
    isError,
    ...(error === undefined ? {} : { error: wellFormed(error.name) }),
  }
  const parametersBytes = sizeOfValue(input)
  if (parametersBytes > PARAMETERS_LIMIT_BYTES) return { ...about, parametersBytes }
  return andThen(redactor?.redact(input) ?? input, (parameters) => ({
    ...about,
    ...(isKeepable(parameters) ? { parameters } : { parametersBytes }),
  }))
}

/** A step takes what metadata cannot hold, such as half a surrogate pair where a text was cut. */
function isKeepable(parameters: StateValue): boolean {
  try {
    admitState({ parameters })
    return true
  } catch {
    return false
  }
}

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\u{fffd}')
}

/** The same in every replay, and another for each call: a step's key is. */
function artifactName(name: string, key: string): string {
  const whole = `${name}/${key}`
  if (whole.length <= MAX_NAME_CHARACTERS) return nameable(whole, MAX_NAME_CHARACTERS)
  // The end of a key tells calls apart.
  const half = (MAX_NAME_CHARACTERS - 1) / 2
  return nameable(`${whole.slice(0, half)}…${whole.slice(-half)}`, MAX_NAME_CHARACTERS)
}

/** Without what no name or tag may hold; composing (NFC) never makes the text longer than three times. */
function nameable(text: string, maxLength: number): string {
  return cutText(text.replace(/[\p{Control}\p{Surrogate}]/gu, '_').normalize('NFC'), maxLength)
}

function nameAfter(prefix: string, step: string): string | undefined {
  if (!step.startsWith(prefix)) return undefined
  const at = step.lastIndexOf('@')
  return step.slice(prefix.length, at < 0 ? undefined : at) || undefined
}

function bytesOf(content: string | Uint8Array): number {
  return typeof content === 'string' ? new TextEncoder().encode(content).byteLength : content.byteLength
}

function left(why: string, sizeBytes?: number): Outcome {
  return { kind: 'continue', note: { left: why, ...(sizeBytes === undefined ? {} : { sizeBytes }) } }
}

function assertRange(path: string, value: number, from: number, to: number): void {
  if (value >= from && value <= to) return
  throw createError(
    'INVALID_ARGUMENT',
    `The collector's ${path} is ${value}; give a number from ${from} to ${to}.`,
    { path },
  )
}
