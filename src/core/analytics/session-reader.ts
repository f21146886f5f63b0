import { type EventId, timeOfId } from '../ids.ts'
import { addUsage } from '../session/counters.ts'
import type { SessionRecord } from '../session/record.ts'
import { sizeOfValue } from '../state/value-size.ts'
import { type EventDataByType, type EventType, RESERVED_EVENT_PREFIXES } from '../timeline/catalog.ts'
import type { TimelineEvent } from '../timeline/event.ts'
import { countIn, Figures, nameIn, RUN_WORDS, type StepSums } from './figures.ts'

/** A status that begins with an event of the session's life. */
interface Turn {
  readonly id: EventId
  readonly isActive: boolean
}

const TURNS: Readonly<Record<string, boolean>> = {
  'session.created': true,
  'session.resumed': true,
  'session.reopened': true,
  'session.suspended': false,
  'session.completed': false,
  'session.failed': false,
  'session.archived': false,
}

/** Sums up one session. Events may come in any order, and more of them after the figures were told. */
export class SessionReader {
  readonly #figures = new Figures()
  readonly #turns: Turn[] = []
  /** Of each key that was written, by what and how large it is now. */
  readonly #sizeByKey = new Map<string, { readonly by: EventId; readonly bytes: number | undefined }>()
  /** When steps began that say another time than that of their record, until they end. */
  readonly #begunAt = new Map<EventId, number>()

  add(event: TimelineEvent): void {
    const figures = this.#figures
    const { type, data, actor } = event
    const time = timeOfId(event.id)
    figures.sums.events += 1
    figures.from = Math.min(figures.from, time)
    figures.to = Math.max(figures.to, time)
    if (actor !== undefined) countIn(figures.actors, nameIn(figures.actors, actor.id))
    if (type === 'hook.ran') return
    countIn(figures.kinds, kindOf(type))
    const isActive =
      TURNS[type] ?? (isOf(event, 'session.unarchived') ? event.data.to === 'active' : undefined)
    if (isActive !== undefined) this.#turns.push({ id: event.id, isActive })
    if (type.startsWith('step.')) this.#addStep(event)
    if (type.startsWith('run.')) addRun(figures, type)
    if (type === 'message.added' || type.startsWith('step.')) addUsage(figures.usage, data)
    if (isOf(event, 'message.added') && event.data.model !== undefined)
      addUsage(figures.usageOf(event.data.model), data)
    if (type === 'session.saved') figures.sums.checkpoints += 1
    if (type === 'state.changed') figures.sums.stateWrites += 1
    this.#addSizes(event)
  }

  /** @param record says in which status the session is */
  figures({ status }: Pick<SessionRecord, 'status'>): Figures {
    const told = new Figures()
    told.merge(this.#figures)
    const { sums, from, to } = told
    sums.sessions = 1
    told.statuses.set(status, 1)
    sums.durationMs = Math.max(0, to - from)
    sums.activeMs = to < from ? 0 : this.#activeMs(from, to)
    for (const { bytes } of this.#sizeByKey.values()) {
      if (bytes === undefined) continue
      sums.stateKeys += 1
      sums.stateBytes += bytes
    }
    return told
  }

  #activeMs(from: number, to: number): number {
    const turns = this.#turns.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    let since = from
    // What an excerpt begins with is the other of what its first turn begins.
    let isActive = turns[0]?.isActive !== true
    let sum = 0
    for (const turn of turns) {
      const time = timeOfId(turn.id)
      if (isActive) sum += time - since
      since = time
      isActive = turn.isActive
    }
    return isActive ? sum + to - since : sum
  }

  #addStep(event: TimelineEvent): void {
    const word = event.type.slice('step.'.length)
    const name = nameOfStep(event.data)
    for (const sums of [this.#figures.steps, this.#figures.stepsNamed(name)]) {
      if (word === 'started' || word === 'completed' || word === 'failed' || word === 'interrupted')
        sums[word] += 1
      this.#time(event, sums)
    }
    const { startedId } = Object(event.data)
    if (event.type === 'step.started') {
      if (event.at !== undefined) this.#begunAt.set(event.id, event.at)
    } else this.#begunAt.delete(startedId)
  }

  #time(event: TimelineEvent, sums: StepSums): void {
    if (!isOf(event, 'step.completed') && !isOf(event, 'step.failed')) return
    const { startedId } = event.data
    const begunAt = this.#begunAt.get(startedId) ?? (event.at === undefined ? timeOfId(startedId) : undefined)
    if (begunAt !== undefined) sums.times.add(event.time - begunAt)
  }

  #addSizes(event: TimelineEvent): void {
    const { sums } = this.#figures
    if (isOf(event, 'artifact.stored')) {
      sums.artifacts += 1
      sums.artifactBytes += event.data.artifact.sizeBytes
    }
    if (isOf(event, 'artifact.deleted')) {
      sums.artifacts -= 1
      sums.artifactBytes -= event.data.sizeBytes
    }
    if (!isOf(event, 'state.changed') && !isOf(event, 'session.restored')) return
    for (const { key, scope = '', value, aside } of event.data.changes) {
      const name = JSON.stringify([scope, key])
      const known = this.#sizeByKey.get(name)
      if (known !== undefined && known.by > event.id) continue
      const bytes = aside?.sizeBytes ?? (value === undefined ? undefined : sizeOfValue(value))
      this.#sizeByKey.set(name, { by: event.id, bytes })
    }
  }
}

function addRun(figures: Figures, type: string): void {
  const word = RUN_WORDS.find((one) => type === `run.${one}`)
  if (word !== undefined) figures.runs[word] += 1
}

function kindOf(type: string): string {
  const own = RESERVED_EVENT_PREFIXES.find((prefix) => type.startsWith(prefix))
  return own === undefined ? 'app' : own.slice(0, -1)
}

/** `name@version` without its version. */
function nameOfStep(data: unknown): string {
  const { step } = Object(data)
  if (typeof step !== 'string') return '*'
  return step.slice(0, Math.max(0, step.lastIndexOf('@'))) || step
}

/** A stored row says by its type what its data is. */
function isOf<Type extends EventType>(
  event: TimelineEvent,
  type: Type,
): event is TimelineEvent<EventDataByType[Type]> {
  return event.type === type
}
