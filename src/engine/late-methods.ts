import { madeLate } from '../core/late.ts'
import type { Request } from '../core/request.ts'
import type { MethodName } from '../protocol/worker-api.ts'
import type { CallContext, Methods } from './methods.ts'

/** Methods whose code is loaded by the first call of any of them. Calls that come meanwhile keep their order. */
export function lateMethods<Name extends MethodName, Module>(
  names: readonly Name[],
  load: (signal?: AbortSignal) => Promise<Module>,
  make: (module: Module) => Pick<Methods, Name>,
): Pick<Methods, Name> {
  type Method = (request: Request, input: never, context: CallContext) => unknown
  const methods = madeLate(load, make)
  const method = (name: Name) => async (request: Request, input: never, context: CallContext) => {
    const made = await methods(request.signal)
    return (made[name] as Method)(request, input, context)
  }
  return Object.fromEntries(names.map((name) => [name, method(name)])) as Pick<Methods, Name>
}
