/**
 * One operation on its way into the log: decided, waiting, in a transaction, settled.
 */
import type {
  Decision,
  HeadKey,
  HeadReader,
  HeadWrite,
  Operation,
  Outcome,
  RowChange,
  StreamWrite,
} from '../core/commit.ts'
import { createError, type HoldfastError } from '../core/errors.ts'
import type { CommitId, StreamId } from '../core/ids.ts'
import { sizeOf } from '../core/size.ts'
import type { Delta } from '../core/state/delta.ts'
import { deltasOf } from '../core/state/fold.ts'
import type { StoredEvent } from '../core/timeline/event.ts'
import { sizeOfEvent } from '../core/timeline/event-text.ts'
import { type HeadState, headText } from './heads.ts'
import { STORE_NAMES, type StoreName } from './schema.ts'

export interface Entry {
  readonly operation: Pick<
    Operation<unknown>,
    'requestId' | 'mayRepeat' | 'does' | 'durability' | 'heads' | 'seen' | 'signal'
  >
  /** The heads it names, as text. */
  readonly keys: readonly string[]
  /** The decision that stands now. */
  readonly decided: Decided
  /** How often it was decided. */
  readonly decisions: number
  /** False while its documents are being loaded. */
  ready: boolean
  /** The decision whose documents are loaded and kept for it. */
  kept: Decided | undefined
  /** To be stored only on heads that were read, since a guess of them was wrong. */
  careful: boolean
  /** To be tried in a transaction of its own, since one that it shared failed. */
  alone: boolean
  /** Decides on these heads. @throws what the decision throws to refuse; CONFLICT after five times. */
  decide(state: (text: string) => HeadState): Decided
  settle(outcome: Settlement): void
  readonly settled: boolean
  /** Calls back once it is settled, however; at once when it is already. */
  onSettled(callback: () => void): void
}

export type Settlement =
  | { readonly stored: CommitId }
  | { readonly repeated: string }
  | { readonly error: unknown }

/** A decision with what it stood on and what its storing takes. */
export interface Decided {
  readonly resultId: string
  /** The heads it stood on. */
  readonly on: ReadonlyMap<string, HeadState>
  /** The heads after it. */
  readonly next: ReadonlyMap<string, HeadState>
  readonly heads: readonly HeadWrite[]
  readonly writes: readonly MeasuredWrite[]
  readonly rows: readonly RowChange[]
  readonly erase: readonly StreamId[]
  /** The tables it reads and writes. */
  readonly stores: ReadonlySet<StoreName>
  /** Streams whose document it changes. */
  readonly documents: readonly StreamId[]
  readonly sizeBytes: number
}

export interface MeasuredWrite {
  readonly write: StreamWrite
  readonly events: readonly MeasuredEvent[]
  readonly sizeBytes: number
}

export interface MeasuredEvent {
  readonly event: StoredEvent
  readonly deltas: readonly Delta[]
  readonly sizeBytes: number
}

/** After so many decisions on heads that others had changed meanwhile, the call is refused. */
export const MAX_DECISIONS = 5

export function createEntry<Result>(
  operation: Operation<Result>,
  resolve: (outcome: Outcome<Result>) => void,
  reject: (error: unknown) => void,
): Entry {
  let decision: Decision<Result> | undefined
  let decided: Decided = UNDECIDED
  let decisions = 0
  let settled = false
  const callbacks: (() => void)[] = []
  return {
    operation,
    keys: operation.heads.map(headText),
    get decided() {
      return decided
    },
    get decisions() {
      return decisions
    },
    ready: false,
    kept: undefined,
    careful: false,
    alone: false,
    decide(state) {
      if (decisions >= MAX_DECISIONS) throw conflict(operation)
      decisions += 1
      const on = new Map(operation.heads.map((key) => [headText(key), state(headText(key))]))
      decision = operation.decide(readerOf(on))
      decided = measure(decision, on)
      return decided
    },
    settle(outcome) {
      if (settled) return
      settled = true
      for (const callback of callbacks) callback()
      if ('error' in outcome) reject(outcome.error)
      else if ('repeated' in outcome) resolve({ repeated: true, resultId: outcome.repeated })
      else if (decision !== undefined) {
        resolve({ repeated: false, result: decision.result, commitId: outcome.stored })
      }
    },
    get settled() {
      return settled
    },
    onSettled(callback) {
      if (settled) callback()
      else callbacks.push(callback)
    },
  }
}

const UNDECIDED: Decided = {
  resultId: '',
  on: new Map(),
  next: new Map(),
  heads: [],
  writes: [],
  rows: [],
  erase: [],
  stores: new Set(),
  documents: [],
  sizeBytes: 0,
}

function conflict({ requestId, heads }: Pick<Operation<unknown>, 'requestId' | 'heads'>): HoldfastError {
  return createError(
    'CONFLICT',
    `Other tabs changed the same thing ${MAX_DECISIONS} times in a row, so request ${requestId} was not stored. Send it again.`,
    { requestId, heads },
  )
}

function readerOf(on: ReadonlyMap<string, HeadState>): HeadReader {
  return {
    get(key: HeadKey) {
      const state = on.get(headText(key))
      if (state === undefined) throw unnamed(key)
      return state.value
    },
  }
}

function unnamed(key: HeadKey): HoldfastError {
  const text = headText(key)
  return createError('INTERNAL', `A decision used head ${text}, which its operation does not name.`, {
    head: text,
  })
}

function measure(decision: Decision<unknown>, on: ReadonlyMap<string, HeadState>): Decided {
  const heads = decision.heads ?? []
  const rows = decision.rows ?? []
  const writes = decision.writes.map(measureWrite)
  return {
    resultId: decision.resultId,
    on,
    next: new Map(heads.map((head) => [headText(head.key), nextState(head, on)])),
    heads,
    writes,
    rows,
    erase: decision.erase ?? [],
    stores: storesOf(decision, on.size > 0),
    documents: [...new Set(writes.filter(changesDocument).map(({ write }) => write.stream))],
    sizeBytes: writes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) + sizeOf(rows),
  }
}

function storesOf(
  { writes, heads = [], rows = [], erase = [] }: Decision<unknown>,
  usesHeads: boolean,
): ReadonlySet<StoreName> {
  if (erase.length > 0) return new Set(STORE_NAMES)
  const stores = new Set<StoreName>(rows.map(({ table }) => table))
  if (usesHeads) stores.add('heads')
  // A change of heads comes with a row.
  if (writes.length + heads.length > 0) stores.add('commits')
  if (writes.some(({ index }) => index)) stores.add('sessions').add('segments')
  return stores
}

function nextState({ key, value }: HeadWrite, on: ReadonlyMap<string, HeadState>): HeadState {
  const before = on.get(headText(key))
  if (before === undefined) throw unnamed(key)
  // A head that was removed begins again at 1; the commit that wrote it tells its lives apart.
  return value === undefined ? { version: 0, value } : { version: before.version + 1, value }
}

function measureWrite(write: StreamWrite): MeasuredWrite {
  const events = write.events.map((event) => ({
    event,
    deltas: deltasOf(event),
    sizeBytes: sizeOfEvent(event),
  }))
  return {
    write,
    events,
    sizeBytes: events.reduce((sum, event) => sum + event.sizeBytes, write.update?.byteLength ?? 0),
  }
}

function changesDocument({ events }: MeasuredWrite): boolean {
  return events.some(({ deltas }) => deltas.length > 0)
}
