import { createError } from '../core/errors.ts'
import type { StreamId } from '../core/ids.ts'
import type { Request } from '../core/request.ts'
import type { StreamStart } from '../core/stream-start.ts'
import type { Answer, Input, MethodName } from '../protocol/worker-api.ts'

/** What a method may use beside its input. */
export interface CallContext {
  /** The page that asks; absent for the worker's own calls. */
  readonly page?: string
  /** The reading of a stream that the page has begun by attaching it, for the call that opens it. */
  readonly takeStart?: (stream: StreamId) => Promise<StreamStart | undefined> | undefined
  /** What has to be over before anything is stored. */
  readonly before?: Promise<void>
  /** Tells the caller how far a long call came. */
  readonly progress?: (loaded: number, total: number | null) => void
}

/** Serves the whole table of the worker's API. */
export type Methods = {
  readonly [Method in MethodName]: (
    request: Request,
    input: Input<Method>,
    context: CallContext,
  ) => Promise<Answer<Method>> | Answer<Method>
}

/** Performs one call. The use case checks its input; here only the name is. */
export async function performMethod<Method extends MethodName>(
  methods: Methods,
  method: Method,
  request: Request,
  input: unknown,
  context: CallContext = {},
): Promise<Answer<Method>> {
  if (!Object.hasOwn(methods, method)) {
    throw createError('INVALID_ARGUMENT', `The worker has no method ${String(method)}; reload the page.`, {
      method,
    })
  }
  if (typeof input !== 'object' || input === null) {
    throw createError('INVALID_ARGUMENT', `${method} takes an object.`, { method, path: '' })
  }
  return methods[method]({ ...request, does: doingOf(method, input) }, input as Input<Method>, context)
}

/** Which call it is; of a change of a session's life, which one. */
function doingOf(method: MethodName, input: object): string {
  return method === 'sessions.transition' && 'verb' in input ? `${method} ${String(input.verb)}` : method
}
