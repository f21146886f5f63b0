import { unpackKept, unpackPage } from '../../src/core/session/kept-record.ts'
import type { SessionPage } from '../../src/core/session/query.ts'
import type { SessionRecord } from '../../src/core/session/record.ts'
import type { Answer, MethodName } from '../../src/protocol/worker-api.ts'

/** What a page shows of an answer. */
export type Unpacked<Method extends MethodName> = Method extends 'sessions.get'
  ? SessionRecord | null
  : Method extends 'sessions.list'
    ? SessionPage
    : Answer<Method>

export function unpacked<Method extends MethodName>(method: Method, answer: unknown): Unpacked<Method> {
  if (method === 'sessions.get') return unpackKept(answer as Answer<'sessions.get'>, '') as Unpacked<Method>
  if (method === 'sessions.list') return unpackPage(answer as Answer<'sessions.list'>) as Unpacked<Method>
  return answer as Unpacked<Method>
}
