/** What a worker says to a page of an older build: nothing that the page does not know. */
import { isErrorCode, type WireError } from '../core/errors.ts'
import { firstAnswer, firstEntries, firstEvent } from './first-words.ts'
import type { Settled, WorkerMessage } from './messages.ts'
import {
  type CodeSince,
  ERROR_CODES_SINCE,
  STORAGE_STATES_SINCE,
  sinceOf,
  WORKER_MESSAGES_SINCE,
} from './since.ts'
import { isWireError } from './wire-error.ts'
import type { Answer, MethodName } from './worker-api.ts'

export interface Wording {
  error(error: WireError): WireError
  settled(settled: Settled): Settled
  /** @param input of the call */
  answer<Method extends MethodName>(method: Method, answer: Answer<Method>, input: unknown): Answer<Method>
  /** Undefined for a message that is left out. */
  message(message: WorkerMessage): WorkerMessage | undefined
}

/** @param protocol the one that was agreed on */
export function wordingFor(protocol: number): Wording {
  const knows = (table: Readonly<Record<string, number>>, name: string) => sinceOf(table, name) <= protocol

  const error = (told: WireError): WireError => {
    const { cause } = told
    const entry = newCode(told)
    const known = entry === undefined || entry.since <= protocol
    return {
      ...told,
      ...(!known && { code: entry.before, details: { ...told.details, code: told.code } }),
      ...(isWireError(cause) && { cause: error(cause) }),
    }
  }
  const settled = (one: Settled): Settled => (one.ok ? one : { ...one, error: error(one.error) })

  return {
    error,
    settled,
    answer: (method, answer, input) => (protocol === 1 ? firstAnswer(method, answer, input) : answer),
    message(message) {
      if (!knows(WORKER_MESSAGES_SINCE, message.type)) return undefined
      if (message.type === 'storage' && !knows(STORAGE_STATES_SINCE, message.state)) return undefined
      if (message.type === 'settled') return { ...message, settled: message.settled.map(settled) }
      if (protocol > 1) return message
      if (message.type === 'patch') return { ...message, entries: firstEntries(message.entries) }
      if (message.type === 'events') return { ...message, events: message.events.map(firstEvent) }
      return message
    },
  }
}

function newCode({ code }: WireError): CodeSince | undefined {
  const entries: Readonly<Record<string, CodeSince>> = ERROR_CODES_SINCE
  return isErrorCode(code) ? entries[code] : undefined
}
