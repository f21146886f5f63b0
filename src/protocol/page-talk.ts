/** What pages tell each other on a channel of their own. Another one may be of another build: nothing is taken on trust. */
import type { RequestId, StreamId } from '../core/ids.ts'
import { admitChanges } from '../core/state/admit.ts'
import { withEntryKey } from '../core/state/scope.ts'
import type { WriteChange } from '../core/state/write-change.ts'
import type { StateChange } from '../core/timeline/catalog.ts'

/** A page is there; `answer` asks those that hear it to say so too. */
export interface HereWord {
  readonly type: 'here'
  readonly page: string
  readonly answer: boolean
}

export interface GoneWord {
  readonly type: 'gone'
  readonly page: string
}

/** A state write that its page shows and that is not stored yet. */
export interface BegunWord {
  readonly type: 'begun'
  readonly request: RequestId
  readonly stream: StreamId
  /** The worker that will store it. */
  readonly writer: string
  readonly changes: readonly WriteChange[]
}

/** That write was refused, failed or was given up. */
export interface EndedWord {
  readonly type: 'ended'
  readonly request: RequestId
  readonly stream: StreamId
}

export type PageWord = HereWord | GoneWord | BegunWord | EndedWord

export type HeardWord =
  | HereWord
  | GoneWord
  | EndedWord
  | (Omit<BegunWord, 'changes'> & { readonly entries: readonly StateChange[] })

export function pageChannel(channel: string): string {
  return `${channel}:pages`
}

/** The word, checked and copied; undefined for what is none. */
export function pageWordIn(message: unknown): HeardWord | undefined {
  if (typeof message !== 'object' || message === null) return undefined
  const { type, page, answer, request, stream, writer, changes } = message as Readonly<
    Record<string, unknown>
  >
  switch (type) {
    case 'here':
      return isText(page) ? { type, page, answer: answer === true } : undefined
    case 'gone':
      return isText(page) ? { type, page } : undefined
    case 'ended':
      return isText<RequestId>(request) && isText<StreamId>(stream) ? { type, request, stream } : undefined
    case 'begun':
      return isText<RequestId>(request) && isText<StreamId>(stream) && isText(writer)
        ? begunWord({ request, stream, writer }, changes)
        : undefined
    default:
      return undefined
  }
}

function begunWord(
  named: Pick<BegunWord, 'request' | 'stream' | 'writer'>,
  changes: unknown,
): HeardWord | undefined {
  try {
    return { type: 'begun', ...named, entries: admitChanges(changes).map(withEntryKey) }
  } catch {
    return undefined
  }
}

function isText<Id extends string>(value: unknown): value is Id {
  return typeof value === 'string' && value !== ''
}
