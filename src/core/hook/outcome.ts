/**
 * What a hook answered becomes typed here, once: a new object that holds checked copies, or an error that says what is
 * wrong with it. Hooks of pages and of other builds may answer anything.
 */
import { parseDraft } from '../artifact/fields.ts'
import { parseLine, parseTags } from '../session/fields.ts'
import { admitState } from '../state/admit.ts'
import type { StateValue } from '../state/value.ts'
import { sizeOfValue } from '../state/value-size.ts'
import type { ArtifactDraft, Collected } from './definition.ts'
import { copyPlain, copyRecord, isPlainObject } from './plain-value.ts'
import { type HookStage, type PointName, stageOf } from './points.ts'

/** Largest note of one call, in bytes: notes are recorded with every operation. */
export const NOTE_LIMIT_BYTES = 4_096

/** An answer that passed: which kinds and which fields of `change` there can be depends on point and stage. */
export type CheckedOutcome =
  | { readonly kind: 'continue'; readonly note?: StateValue }
  | {
      readonly kind: 'modify'
      readonly change: Readonly<Record<string, unknown>>
      readonly note?: StateValue
    }
  | { readonly kind: 'cancel'; readonly reason: string }
  | { readonly kind: 'replace'; readonly result: StateValue }
  | { readonly kind: 'collect'; readonly artifacts: readonly Collected[]; readonly note?: StateValue }

const CONTINUE: CheckedOutcome = { kind: 'continue' }

/**
 * Checks what a hook answered at a stage of a point. Nothing at all is `continue`.
 *
 * @throws TypeError or HoldfastError with the reason, as the rest of a sentence that begins with the hook's name.
 */
export function checkOutcome(answer: unknown, point: PointName, stage: HookStage): CheckedOutcome {
  if (answer === undefined) return CONTINUE
  const { outcomes = [], changes = [] } = stageOf(point, stage) ?? {}
  if (!isPlainObject(answer)) throw nonsense(`answered ${describe(answer)}, which is no outcome`)
  const kind = outcomes.find((known) => known === answer.kind)
  if (kind === undefined) {
    throw nonsense(
      `answered the kind ${describe(answer.kind)}; at ${point} (${stage}) it can be ${outcomes.join(', ')}`,
    )
  }
  const note = noteOf(answer.note)
  switch (kind) {
    case 'continue':
      return 'note' in note ? { kind, ...note } : CONTINUE
    case 'modify':
      return { kind, change: checkChange(answer.change, point, changes), ...note }
    case 'cancel':
      return { kind, reason: textOf(answer.reason, 'reason') }
    case 'replace':
      return { kind, result: copyPlain(answer.result, 'result') }
    case 'collect':
      return { kind, artifacts: listOf(answer.artifacts, 'artifacts').map(checkCollected), ...note }
  }
}

function noteOf(note: unknown): { note?: StateValue } {
  if (note === undefined) return {}
  const copy = copyPlain(note, 'note')
  const sizeBytes = sizeOfValue(copy)
  if (sizeBytes > NOTE_LIMIT_BYTES)
    throw nonsense(`answered a note of ${sizeBytes} bytes; at most ${NOTE_LIMIT_BYTES} are kept`)
  return { note: copy }
}

function checkChange(
  change: unknown,
  point: PointName,
  fields: readonly string[],
): Readonly<Record<string, unknown>> {
  if (!isPlainObject(change)) throw nonsense(`answered modify with ${describe(change)} as change`)
  const entries = Object.entries(change).map(([field, value]) => {
    if (!fields.includes(field))
      throw nonsense(`changed ${field}; at ${point} only ${fields.join(', ')} can be changed`)
    return [field, checkField(field, value, point)] as const
  })
  return Object.fromEntries(entries)
}

function checkField(field: string, value: unknown, point: PointName): unknown {
  if (point === 'state:write') return admitState(value, field)
  if (field === 'draft') return checkDraft(value, field)
  if (field === 'error') return checkError(value)
  if (field === 'tags') return parseTags(value)
  if (field === 'target') return parseLine(field, value)
  return point.startsWith('session:') ? copyRecord(value, field) : copyPlain(value, field)
}

function checkDraft(value: unknown, path: string): ArtifactDraft {
  if (!isPlainObject(value)) throw nonsense(`answered ${describe(value)} as ${path}`)
  const draft: { readonly [Field in keyof ArtifactDraft]?: unknown } = value
  // parseDraft takes nothing for granted: each field is checked as what it is.
  return parseDraft(draft as ArtifactDraft)
}

function checkCollected(value: unknown, at: number): Collected {
  const path = `artifacts.${at}`
  const draft = checkDraft(value, path)
  const content = isPlainObject(value) ? value.content : undefined
  if (typeof content === 'string' || content instanceof Uint8Array) return { ...draft, content }
  throw nonsense(`answered ${describe(content)} as ${path}.content; it must be a text or a Uint8Array`)
}

function checkError(value: unknown): { name: string; message: string; stack?: string } {
  if (!isPlainObject(value)) throw nonsense(`answered ${describe(value)} as error`)
  const { stack } = value
  return {
    name: textOf(value.name, 'error.name', true),
    message: textOf(value.message, 'error.message', true),
    ...(stack === undefined ? {} : { stack: textOf(stack, 'error.stack', true) }),
  }
}

function textOf(value: unknown, path: string, mayBeEmpty = false): string {
  if (typeof value === 'string' && (mayBeEmpty || value !== '')) return value
  throw nonsense(`answered ${describe(value)} as ${path}; it must be a text`)
}

function listOf(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw nonsense(`answered ${describe(value)} as ${path}; it must be a list`)
}

function describe(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'an empty text' : JSON.stringify(value.slice(0, 40))
  if (value === null || typeof value !== 'object') return String(value)
  return Array.isArray(value) ? 'a list' : 'an object'
}

function nonsense(problem: string): TypeError {
  return new TypeError(problem)
}
