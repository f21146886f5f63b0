import type { Digest } from '../ports.ts'
import { canonicalText } from '../state/canonical.ts'
import type { StateValue } from '../state/value.ts'
import type { HookRunRecord } from '../timeline/catalog.ts'
import type { Collected } from './definition.ts'
import { toHex } from './hex.ts'
import { andThen, type Soon } from './in-turn.ts'
import type { CheckedOutcome } from './outcome.ts'
import { type PointName, rowOf } from './points.ts'
import type { HookReply } from './reply.ts'

/** What becomes of a note before it is recorded: redaction. */
export type RedactNote = (note: StateValue) => Soon<StateValue>

export interface RecordOptions {
  /** Without one, runs are recorded without digests and exact replay compares kind and note alone. */
  readonly digest?: Digest
  readonly redact?: RedactNote
}

const NO_RUNS: readonly HookRunRecord[] = []

/** The runs of one operation's hooks as they are recorded: those of replayable hooks, where the point records them. */
export function recordRuns(
  point: PointName,
  replies: readonly HookReply[],
  options: RecordOptions,
): Soon<readonly HookRunRecord[]> {
  const { recorded } = rowOf(point)
  if (recorded === 'none' || replies.length === 0) return NO_RUNS
  const told = replies.filter((reply) => reply.hook.replayable && (recorded === 'all' || !onlyWentOn(reply)))
  if (told.length === 0) return NO_RUNS
  const records = told.map((reply) => recordRun(reply, options))
  return records.some((record) => record instanceof Promise) ? Promise.all(records) : records.filter(isRecord)
}

function onlyWentOn({ outcome, changed }: HookReply): boolean {
  return outcome.kind === 'continue' && outcome.note === undefined && !changed
}

/** One run as it is recorded; at once where there is nothing to digest or to redact. */
export function recordRun(
  { hook, outcome, changed }: HookReply,
  { digest, redact }: RecordOptions,
): Soon<HookRunRecord> {
  const record: HookRunRecord = { hook: hook.name, outcome: outcome.kind, ...(changed ? { changed } : {}) }
  // Why a hook failed can hold anything that it was given, so only the code is kept.
  if (outcome.kind === 'failed') return { ...record, note: outcome.error.code }
  if (outcome.kind === 'skipped') return record
  const note = 'note' in outcome ? outcome.note : undefined
  const noted =
    note === undefined ? record : andThen(redact?.(note) ?? note, (kept) => ({ ...record, note: kept }))
  if (digest === undefined || outcome.kind === 'continue') return noted
  return Promise.all([noted, digestOf(outcome, digest)]).then(([kept, hash]) => ({ ...kept, digest: hash }))
}

async function digestOf(
  outcome: Exclude<CheckedOutcome, { kind: 'continue' }>,
  digest: Digest,
): Promise<string> {
  const text = canonicalText(await substanceOf(outcome, digest))
  return toHex(await digest.sha256(new TextEncoder().encode(text)))
}

/** What an outcome does, without its note, which is recorded and compared as it is. */
async function substanceOf(
  outcome: Exclude<CheckedOutcome, { kind: 'continue' }>,
  digest: Digest,
): Promise<StateValue> {
  switch (outcome.kind) {
    case 'modify':
      return [outcome.kind, plain(outcome.change)]
    case 'cancel':
      return [outcome.kind, outcome.reason]
    case 'replace':
      return [outcome.kind, outcome.result]
    case 'collect':
      return [
        outcome.kind,
        ...(await Promise.all(outcome.artifacts.map((artifact) => collectedOf(artifact, digest)))),
      ]
  }
}

/** Bytes stand as their own digest: written out as hexadecimal text they would take twice their size. */
async function collectedOf({ content, ...draft }: Collected, digest: Digest): Promise<StateValue> {
  return { ...draft, content: typeof content === 'string' ? content : await digest.sha256(content) }
}

/** A checked change holds copies of plain values only. */
function plain(change: Readonly<Record<string, unknown>>): StateValue {
  return change as { readonly [field: string]: StateValue }
}

function isRecord(record: Soon<HookRunRecord>): record is HookRunRecord {
  return !(record instanceof Promise)
}
