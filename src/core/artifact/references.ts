/**
 * Who names a content: artifacts, and recorded values that were too large for their event. The count stands in the
 * content's row and changes in the transaction that adds or removes a name; with the last name the content goes.
 */
import type { RowChange } from '../commit.ts'
import { createError } from '../errors.ts'
import type { ContentId } from '../ids.ts'
import type { EventDataByType, EventType, LargeFields, Recorded, StateChange } from '../timeline/catalog.ts'
import type { StoredEvent } from '../timeline/event.ts'
import type { ContentRow, Domain, IntakeRow } from './record.ts'

/** The domain of bytes that are not sealed; they are stored once in the whole database. */
export const PLAIN_DOMAIN: Domain = ''

/** One more name for a content; makes its row where there is none. */
export function claimContent(manifest: Omit<ContentRow, 'references'>): RowChange {
  return {
    table: 'contents',
    key: [manifest.domain, manifest.hash],
    change: (row) => ({ ...(row ?? manifest), references: (row?.references ?? 0) + 1 }),
  }
}

/** One more name for a content that is there. @throws CONTENT_DAMAGED where it is not. */
export function nameContentAgain({ domain, hash }: NamedContent): RowChange {
  return {
    table: 'contents',
    key: [domain, hash],
    change: (row) => {
      if (row !== undefined) return { ...row, references: row.references + 1 }
      throw createError('CONTENT_DAMAGED', `Content ${hash} is no longer there; nothing was stored.`, {
        hash,
      })
    },
  }
}

/**
 * One name less for a content. With the last name its row goes, and what is left is an intake that was given up: it
 * names the chunks, so that a sweep takes them as far as nothing else does, also when the worker dies before it.
 */
export function releaseContent(
  { domain, hash, chunks }: Pick<ContentRow, 'domain' | 'hash' | 'chunks'>,
  key: IntakeRow['key'],
): readonly RowChange[] {
  return [
    {
      table: 'contents',
      key: [domain, hash],
      change: (row) =>
        row === undefined || row.references <= 1 ? undefined : { ...row, references: row.references - 1 },
    },
    { table: 'meta', put: { key, at: 0, domain, chunks: chunks.map((chunk) => chunk.hash) } },
  ]
}

/**
 * The contents that an event names, each as often as it names it. What `artifact.deleted` takes back is not among them.
 * What an app put into an event of its own claimed nothing, so its data is believed only where the data as a whole
 * stands in a content.
 */
export function contentsOfEvent(event: StoredEvent): readonly NamedContent[] {
  if (event.type === 'state.changed') return asidesOf(dataOf(event, 'state.changed').changes)
  if (event.type === 'session.restored') return asidesOf(dataOf(event, 'session.restored').changes)
  return plainContents(event).map((hash) => ({ domain: PLAIN_DOMAIN, hash }))
}

/** A content by its key. */
export interface NamedContent {
  readonly domain: Domain
  readonly hash: ContentId
}

function asidesOf(changes: readonly StateChange[]): readonly NamedContent[] {
  return changes.flatMap(({ aside }) => (aside ? [{ domain: aside.domain, hash: aside.content }] : []))
}

function plainContents(event: StoredEvent): readonly ContentId[] {
  switch (event.type) {
    case 'artifact.stored':
      return [dataOf(event, 'artifact.stored').artifact.contentId]
    case 'step.started':
      return contentsOf(dataOf(event, 'step.started').input)
    case 'step.completed': {
      const { result, source } = dataOf(event, 'step.completed')
      return [...contentsOf(result), ...contentsOf(source)]
    }
    case 'step.failed':
      return contentsOf(dataOf(event, 'step.failed').source)
    case 'run.started':
      return contentsOf(dataOf(event, 'run.started').input)
    case 'run.completed':
      return contentsOf(dataOf(event, 'run.completed').result)
    case 'message.added':
    case 'model.changed':
      // Apps record events of these types too, and may copy into them what an import recorded.
      return event.source === 'import' ? largeContents(dataOf(event, event.type)) : contentsOfData(event)
    case 'import.started':
    case 'import.entry':
      return largeContents(dataOf(event, event.type))
    default:
      return contentsOfData(event)
  }
}

function largeContents({ large = {} }: { readonly large?: LargeFields }): readonly ContentId[] {
  return Object.values(large).map(({ content }) => content)
}

function contentsOfData({ data }: StoredEvent): readonly ContentId[] {
  return isContentReference(data) ? [data.content] : []
}

/** Says whether data stands in a content instead of in its event. Beside the reference a message says what it used. */
export function isContentReference(data: unknown): data is Extract<Recorded, { content: ContentId }> {
  return (
    typeof data === 'object' &&
    data !== null &&
    Object.keys(data).every((name) => REFERENCE_FIELDS.has(name)) &&
    'content' in data &&
    typeof data.content === 'string' &&
    'sizeBytes' in data &&
    typeof data.sizeBytes === 'number'
  )
}

const REFERENCE_FIELDS: ReadonlySet<string> = new Set(['content', 'sizeBytes', 'usage', 'model'])

function contentsOf(recorded: Recorded | undefined): readonly ContentId[] {
  return recorded !== undefined && 'content' in recorded ? [recorded.content] : []
}

/** A stored row says by its type what its data is; this is the one place where references believe it. */
function dataOf<Type extends EventType>(event: StoredEvent, _type: Type): EventDataByType[Type] {
  return event.data as EventDataByType[Type]
}
