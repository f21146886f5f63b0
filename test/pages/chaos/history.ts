/**
 * The history of what several tabs did and of what is found afterwards, and what is wrong with it. A tab that was ended
 * leaves operations of which nobody knows whether they happened: those may be there or not, all others must be.
 */

export interface Operation {
  /** What it wrote: names it in the log and in the state. */
  readonly id: string
  readonly tab: string
  /** The state key it set, which no other tab writes; absent for an event. */
  readonly key?: string
  /** Place among all that was noted: when it was begun. */
  readonly begunAt: number
  readonly outcome:
    | { readonly kind: 'acknowledged'; readonly at: number }
    | { readonly kind: 'refused'; readonly code: string }
    | { readonly kind: 'unknown' }
}

/** What one tab finds when all is over. */
export interface Finding {
  readonly tab: string
  /** Ids of the events, in the order of the log. */
  readonly log: readonly string[]
  /** Ids of the events in the order in which they were told while all went on. */
  readonly told: readonly string[]
  readonly state: Readonly<Record<string, string>>
}

export interface History {
  readonly operations: readonly Operation[]
  readonly findings: readonly Finding[]
}

/** A sentence for each thing that is wrong; none for a history that is sound. */
export function checkHistory(history: History): readonly string[] {
  return [
    ...history.findings.flatMap((finding) => [
      ...eventsOf(history.operations, finding),
      ...orderOf(history.operations, finding),
      ...toldOf(finding),
      ...stateOf(history.operations, finding),
    ]),
    ...agreement(history.findings),
  ]
}

/** Acknowledged implies present, once; refused implies absent; nothing is there that nobody wrote. */
function* eventsOf(operations: readonly Operation[], { tab, log }: Finding): Iterable<string> {
  const counts = countsOf(log)
  const events = operations.filter(({ key }) => key === undefined)
  for (const { id, outcome } of events) {
    const count = counts.get(id) ?? 0
    if (count > 1) yield `${tab}: ${id} stands ${count} times in the log`
    if (count === 0 && outcome.kind === 'acknowledged')
      yield `${tab}: ${id} was acknowledged and is not there`
    if (count > 0 && outcome.kind === 'refused') yield `${tab}: ${id} was refused and is there`
  }
  const known = new Set(events.map(({ id }) => id))
  for (const id of counts.keys()) if (!known.has(id)) yield `${tab}: ${id} is there and nobody wrote it`
}

/** What a tab began after it had heard of another event of its own stands behind that one. */
function* orderOf(operations: readonly Operation[], { tab, log }: Finding): Iterable<string> {
  const places = new Map(log.map((id, at) => [id, at]))
  const byTab = new Map<string, Operation[]>()
  for (const operation of operations) {
    if (operation.key !== undefined || !places.has(operation.id)) continue
    byTab.set(operation.tab, [...(byTab.get(operation.tab) ?? []), operation])
  }
  const placeOf = ({ id }: Operation) => places.get(id) ?? -1
  for (const own of byTab.values()) {
    const begun = [...own].sort((a, b) => a.begunAt - b.begunAt)
    const ended = own
      .filter(({ outcome }) => outcome.kind === 'acknowledged')
      .sort((a, b) => endOf(a) - endOf(b))
    let next = 0
    let furthest: Operation | undefined
    for (const operation of begun) {
      for (
        let done = ended[next];
        done !== undefined && endOf(done) < operation.begunAt;
        done = ended[next]
      ) {
        if (furthest === undefined || placeOf(done) > placeOf(furthest)) furthest = done
        next += 1
      }
      if (furthest !== undefined && placeOf(furthest) > placeOf(operation))
        yield `${tab}: ${operation.id} stands before ${furthest.id}, which had ended when it began`
    }
  }
}

/** Every event that is there was told, once. */
function* toldOf({ tab, log, told }: Finding): Iterable<string> {
  const counts = countsOf(told)
  for (const id of log) if (!counts.has(id)) yield `${tab}: ${id} is there and was not told`
  const stored = new Set(log)
  for (const [id, count] of counts) {
    if (count > 1) yield `${tab}: ${id} was told ${count} times`
    if (!stored.has(id)) yield `${tab}: ${id} was told and is not there`
  }
}

/** A key holds the last write that was acknowledged, or a later one of which nobody knows. */
function* stateOf(operations: readonly Operation[], { tab, state }: Finding): Iterable<string> {
  const byKey = new Map<string, Operation[]>()
  for (const operation of operations) {
    if (operation.key === undefined) continue
    byKey.set(operation.key, [...(byKey.get(operation.key) ?? []), operation])
  }
  for (const [key, writes] of byKey) {
    const inOrder = [...writes].sort((a, b) => a.begunAt - b.begunAt)
    const last = inOrder.findLastIndex(({ outcome }) => outcome.kind === 'acknowledged')
    const allowed = inOrder.slice(Math.max(last, 0)).filter(({ outcome }) => outcome.kind !== 'refused')
    const value = state[key]
    if (value === undefined && last === -1) continue
    if (!allowed.some(({ id }) => id === value))
      yield `${tab}: ${key} holds ${value ?? 'nothing'} and not ${inOrder[last]?.id ?? 'nothing'}`
  }
  for (const key of Object.keys(state))
    if (!byKey.has(key)) yield `${tab}: ${key} is there and nobody wrote it`
}

/** All tabs find the same, in the same order. */
function* agreement([first, ...others]: readonly Finding[]): Iterable<string> {
  if (first === undefined) return
  for (const other of others) {
    const at = first.log.findIndex((id, place) => other.log[place] !== id)
    if (at !== -1 || first.log.length !== other.log.length)
      yield `${first.tab} and ${other.tab} differ at place ${at === -1 ? first.log.length : at} of the log`
    for (const key of new Set([...Object.keys(first.state), ...Object.keys(other.state)])) {
      if (first.state[key] !== other.state[key]) yield `${first.tab} and ${other.tab} differ in ${key}`
    }
  }
}

function endOf({ outcome }: Operation): number {
  return outcome.kind === 'acknowledged' ? outcome.at : Number.POSITIVE_INFINITY
}

function countsOf(ids: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  return counts
}
