import { expect, test } from 'vitest'
import { createTabChannel } from '../../src/platform/channel.ts'
import { describeTabChannel } from './describe-tab-channel.ts'

describeTabChannel()

test('PL7 a host without BroadcastChannel gets a channel that nobody hears', () => {
  const channel = createTabChannel('none', {})
  const heard: unknown[] = []
  const stop = channel.listen((message) => heard.push(message))
  channel.post('hello')
  stop()
  channel.close()
  expect(heard).toEqual([])
})
