import type { Answer, Connection, Input, MethodName, SendOptions } from './connection.ts'
import type { Frame } from './request.ts'

/** The connection on somebody's behalf: what is called through it carries that one as its cause. */
export interface Caller {
  readonly frame: Frame
  /** For what waits before it calls: the hook that calls is known until then. */
  now(): Caller
  call<Method extends MethodName>(
    method: Method,
    input: Input<Method>,
    options?: SendOptions,
  ): Promise<Answer<Method>>
}

export function createCaller(connection: Connection, frame: Frame): Caller {
  return {
    frame,
    now: () => createCaller(connection, connection.hookFrame.of(frame)),
    call: (method, input, options) => connection.call(method, input, options, frame),
  }
}
