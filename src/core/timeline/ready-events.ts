/** Events that were asked for, up to where they can be recorded: checked, and judged and shaped by hooks, each for itself. */
import type { HoldEvent } from '../app/held-event.ts'
import type { Artifacts } from '../artifact/artifacts.ts'
import type { PreparedValue } from '../artifact/recorded-value.ts'
import { type HoldfastError, isHoldfastError } from '../errors.ts'
import type { EventDraft } from '../hook/definition.ts'
import type { HookScope, OperationHooks } from '../hook/operation-hooks.ts'
import type { Request } from '../request.ts'
import type { HookRunRecord } from './catalog.ts'
import { parseDraft, parseType, type ShapedDraft, shapeDraft } from './event-draft.ts'
import { parseText, standsAsText, TextDraft } from './event-text.ts'

export interface ReadyDeps {
  readonly hooks: OperationHooks
  /** What the worker's own app declares of events. */
  readonly holdEvent?: HoldEvent | undefined
  /** Takes in data that is too large to stand in its event. */
  readonly artifacts: Pick<Artifacts, 'prepareValue' | 'abandon'>
}

/** Events of one type that say nothing more of themselves, with the data of each as a text of JSON. */
export interface EventTexts {
  readonly type: string
  readonly texts: readonly string[]
}

type Asked = EventDraft | EventTexts

/** A page may send anything. */
function isTexts(one: Asked): one is EventTexts {
  return typeof one === 'object' && one !== null && 'texts' in one && Array.isArray(one.texts)
}

/** How many events these are. */
export function countOf(asked: readonly Asked[]): number {
  return asked.reduce((sum, one) => sum + (isTexts(one) ? one.texts.length : 1), 0)
}

/** An event that its checks and hooks let pass. */
export type Ready = ShapedDraft & { readonly given: EventDraft } & (
    | { readonly value: PreparedValue }
    /** Its data is stored as the text that it came as. */
    | { readonly text: TextDraft }
  )

export type Readied = Ready | { readonly refused: HoldfastError }

export function isReady(one: Readied): one is Ready {
  return !('refused' in one)
}

/** One for each event, in their order. */
export async function readyEvents(
  deps: ReadyDeps,
  request: Request,
  scope: HookScope,
  asked: readonly Asked[],
): Promise<readonly Readied[]> {
  const readied = asked.flatMap((one): readonly (Readied | Promise<Readied>)[] =>
    isTexts(one) ? readyTexts(deps, request, scope, one) : [ready(deps, request, scope, one)],
  )
  return readied.some((one) => one instanceof Promise)
    ? Promise.all(readied)
    : (readied as readonly Readied[])
}

async function ready(
  { hooks, artifacts, holdEvent }: ReadyDeps,
  request: Request,
  scope: HookScope,
  asked: EventDraft,
  came?: TextDraft,
): Promise<Readied> {
  try {
    const given = await parseDraft(asked, request.signal)
    const shaped = hooks.has('event:emit')
      ? await shapeDraft(hooks, given, scope, holdEvent)
      : { draft: given, before: [], record: [] }
    if (came !== undefined && shaped.draft === given) return { ...shaped, given, text: came }
    return { ...shaped, given, value: await artifacts.prepareValue(shaped.draft.data, request.signal) }
  } catch (error) {
    if (!isHoldfastError(error)) throw error
    return { refused: error }
  }
}

const NO_RUNS: readonly HookRunRecord[] = []

/**
 * A text that nobody changes is stored as it came, but not where hooks saw less than it says. It is checked all the same: a
 * page may send anything.
 */
function readyTexts(
  deps: ReadyDeps,
  request: Request,
  scope: HookScope,
  { type, texts }: EventTexts,
): readonly (Readied | Promise<Readied>)[] {
  const { hooks } = deps
  let isType = false
  return texts.map((text) => {
    try {
      if (!isType) parseType(type)
      isType = true
      if (!standsAsText(text)) return ready(deps, request, scope, { type, data: parseText(text) })
      const draft = new TextDraft(type, text)
      const data = draft.read()
      // One that a hook made is judged as such.
      const isSeen =
        request.hookPath.length > 0 ||
        hooks.concerns('event:emit', 'before', draft, scope) ||
        hooks.concerns('event:emit', 'record', draft, scope)
      if (isSeen) return ready(deps, request, scope, { type, data }, draft.saysAll ? draft : undefined)
      return { draft, given: draft, before: NO_RUNS, record: NO_RUNS, text: draft }
    } catch (error) {
      if (!isHoldfastError(error)) throw error
      return { refused: error }
    }
  })
}
