import { expect, test } from 'vitest'
import { createAdopt } from '../../src/client/adopt.ts'
import { type Caller, createCaller } from '../../src/client/caller.ts'
import type { Connection } from '../../src/client/connection.ts'
import { createHookFrame } from '../../src/client/hook-frame.ts'
import type { Frame } from '../../src/client/request.ts'
import { createRuns } from '../../src/client/runs.ts'
import type { RunId, SessionId } from '../../src/core/ids.ts'

const HOOK: Frame = { hookPath: ['session:save s1'] }

async function framesOf(work: (caller: Caller) => Promise<unknown>): Promise<readonly (Frame | undefined)[]> {
  const frames: (Frame | undefined)[] = []
  const hookFrame = createHookFrame()
  const call = async (_method: string, _input: unknown, _options: unknown, frame: Frame = {}) => {
    frames.push(hookFrame.of(frame))
    return { record: { id: 's1' } }
  }
  const caller = createCaller({ call, hookFrame } as unknown as Connection, {})
  await hookFrame.run(HOOK, () => work(caller))
  await work(caller)
  return frames
}

test('PG57 what encodes or creates something before it is sent is of the hook that called it', async () => {
  const free = (caller: Caller) =>
    createRuns(caller, 's1' as SessionId).free('r1' as RunId, { kind: 'result', value: 1 })
  expect(await framesOf(free)).toEqual([HOOK, {}])
  const adopt = (caller: Caller) => createAdopt(caller).yIndexedDB('old')
  expect(await framesOf(adopt)).toEqual([HOOK, HOOK, {}, {}])
})
