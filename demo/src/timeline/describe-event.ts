import type { EventDataByType, EventType, TimelineEvent } from 'holdfast'
import { formatBytes, formatNumberOf } from '../ui/format.ts'

type Sentences = { readonly [Type in EventType]: (data: EventDataByType[Type]) => string }

/** One line about an event, in plain words. */
export function describeEvent({ type, data }: TimelineEvent): string {
  return isKnown(type) ? sentenceOf(type, data) : excerpt(JSON.stringify(data) ?? '')
}

function isKnown(type: string): type is EventType {
  return Object.hasOwn(SENTENCES, type)
}

function sentenceOf<Type extends EventType>(type: Type, data: unknown): string {
  // An event's type says what its data is; this is the one place that believes it.
  return SENTENCES[type](data as EventDataByType[Type])
}

const SENTENCES: Sentences = {
  'session.created': ({ name }) => `Started as “${name}”`,
  'session.edited': (changes) => `Changed ${Object.keys(changes).join(', ')}`,
  'session.suspended': () => 'Suspended',
  'session.resumed': () => 'Resumed',
  'session.completed': () => 'Completed',
  'session.failed': ({ reason }) => `Failed: ${reason}`,
  'session.reopened': ({ reason }) => `Reopened: ${reason}`,
  'session.archived': ({ from }) => `Archived; it was ${from}`,
  'session.unarchived': ({ to }) => `Back from the archive, ${to} again`,
  'session.saved': ({ label }) => (label ? `Saved “${label}”` : 'Saved'),
  'session.restored': ({ changes, eventId }) =>
    `Restored ${eventId === undefined ? 'a checkpoint' : 'a moment'}: ${formatNumberOf(changes.length, 'key')} changed`,
  'session.deleted': ({ id }) => `Deleted ${id}`,
  'session.damaged': ({ reason }) => `Damage found: ${reason}`,
  'storage.damaged': ({ reason }) => `Damage found: ${reason}`,
  'state.changed': ({ changes }) => changes.map(({ key, value }) => describeChange(key, value)).join('; '),
  'artifact.stored': ({ artifact }) =>
    `${artifact.name}, version ${artifact.version} (${formatBytes(artifact.sizeBytes)})`,
  'artifact.edited': ({ id: _, ...changes }) => `Changed ${Object.keys(changes).join(', ')}`,
  'artifact.deleted': ({ name, version }) => `${name}, version ${version}`,
  'document.changed': ({ document, sizeBytes }) => `${document} (${formatBytes(sizeBytes)})`,
  'step.started': ({ step, attempt }) => (attempt > 1 ? `${step}, attempt ${attempt}` : step),
  'step.completed': ({ step, artifactIds }) =>
    artifactIds.length === 0 ? step : `${step}; collected ${formatNumberOf(artifactIds.length, 'artifact')}`,
  'step.failed': ({ step, error }) => excerpt(`${step}: ${error.message}`),
  'step.interrupted': ({ step }) => `${step} was cut off`,
  'run.started': ({ name }) => name,
  'run.resumed': ({ epoch }) => `Owner number ${epoch}`,
  'run.completed': () => 'Done',
  'run.failed': ({ error }) => excerpt(error.message),
  'run.blocked': ({ message }) => excerpt(message),
  'run.cancelled': ({ reason }) => reason,
  'hook.called': ({ point }) => `Hooks were asked at ${point}`,
  'hook.ran': ({ point, runs }) =>
    `${point}: ${runs.map(({ hook, outcome }) => `${hook} ${outcome}`).join(', ')}`,
  'limit.neared': ({ limit, share }) => `${Math.round(100 * share)} % of ${limit} used`,
  'audit.refused': ({ call, code, count }) => `${call}: ${code}${count > 1 ? `, ${count} times` : ''}`,
  'audit.allowed': ({ call }) => call,
  'message.added': ({ role, content }) => excerpt(`${role}: ${textOf(content)}`),
  'model.changed': ({ model }) => model,
  'import.started': ({ format }) => `From ${format}`,
  'import.entry': ({ line, type }) => `Line ${line}${type ? `: ${type}` : ''}`,
  'import.finished': ({ entries, skipped, moreSkipped = 0 }) =>
    `${formatNumberOf(entries, 'entry').replace('entrys', 'entries')}${skipped.length > 0 ? `, ${formatNumberOf(skipped.length + moreSkipped, 'line')} skipped` : ''}`,
}

const EXCERPT_CHARACTERS = 240

function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > EXCERPT_CHARACTERS ? `${line.slice(0, EXCERPT_CHARACTERS)}…` : line
}

function describeChange(key: string, value: unknown): string {
  return value === undefined ? `${key} deleted` : excerpt(`${key} = ${JSON.stringify(value)}`)
}

/** The words of a message, whether it is a text or a list of blocks. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return content === null ? '' : (JSON.stringify(content) ?? '')
  return content.map((block) => (isTextBlock(block) ? block.text : '')).join(' ')
}

function isTextBlock(block: unknown): block is { readonly text: string } {
  return typeof block === 'object' && block !== null && 'text' in block && typeof block.text === 'string'
}
