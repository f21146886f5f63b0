import { createError, type HoldfastError } from '../errors.ts'
import { parseStep } from '../run/fields.ts'
import { assertOnly, isRecord } from '../session/fields.ts'
import { TRANSCRIPT_FORMATS, type TranscriptFormat } from './records.ts'

export interface ImportInput {
  /** The file's bytes; read once, and closed when the import ends early. */
  readonly source: AsyncIterable<Uint8Array>
  readonly format: TranscriptFormat
  /** Tool name to step `name@version`; a tool not named is `<tool>@0`. */
  readonly steps?: Readonly<Record<string, string>>
  /** Whether a line that cannot be read ends the import. @defaultValue 'stop' */
  readonly onBadLine?: 'stop' | 'skip'
  /** Name of the session. @defaultValue '' */
  readonly name?: string
  readonly tags?: readonly string[]
  /** Which conversation of a file of several, from 0; only of `openai-messages`. */
  readonly index?: number
}

export interface ParsedInput extends Omit<ImportInput, 'steps' | 'onBadLine'> {
  readonly stepByTool: ReadonlyMap<string, string>
  readonly onBadLine: 'stop' | 'skip'
}

/** @throws INVALID_ARGUMENT with `{ path }`. Name and tags are checked where the session is made. */
export function parseImport(input: ImportInput): ParsedInput {
  assertOnly({ ...input }, FIELDS, 'sessions.import')
  const { steps = {}, onBadLine = 'stop', ...rest } = input
  if (!isRecord(steps)) throw invalid('steps', 'is no object of tools and steps')
  if (!TRANSCRIPT_FORMATS.includes(rest.format)) {
    throw invalid('format', `is ${JSON.stringify(rest.format)}; give ${TRANSCRIPT_FORMATS.join(' or ')}`)
  }
  if (onBadLine !== 'stop' && onBadLine !== 'skip') {
    throw invalid('onBadLine', `is ${JSON.stringify(onBadLine)}; give "stop" or "skip"`)
  }
  if (rest.index !== undefined && rest.format !== 'openai-messages') {
    throw invalid('index', `means nothing for ${rest.format}, whose files hold one session`)
  }
  const stepByTool = new Map(Object.entries(steps).map(([tool, step]) => [tool, parseStep(step)]))
  return { ...rest, stepByTool, onBadLine }
}

const FIELDS = [
  'source',
  'format',
  'steps',
  'onBadLine',
  'name',
  'tags',
  'index',
] as const satisfies readonly (keyof ImportInput)[]

function invalid(path: string, reason: string): HoldfastError {
  return createError('INVALID_ARGUMENT', `The import's ${path} ${reason}.`, { path, reason })
}
