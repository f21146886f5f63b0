import { expect, test } from 'vitest'
import { createTabChannel } from '../../src/platform/channel.ts'

/** What the channel does where the host has one. */
export function describeTabChannel(): void {
  test('PL7 others of the same name hear a message, the sender and other names do not', async () => {
    const [a, b, other] = [createTabChannel('one'), createTabChannel('one'), createTabChannel('two')]
    const wrong: unknown[] = []
    a.listen((message) => wrong.push(message))
    other.listen((message) => wrong.push(message))
    const heard = new Promise((resolve) => b.listen(resolve))
    a.post({ stream: 's1', bytes: new Uint8Array([1, 2]) })
    expect(await heard).toEqual({ stream: 's1', bytes: new Uint8Array([1, 2]) })
    // A message that comes later on the same way says that nothing else is under way.
    const last = new Promise((resolve) => b.listen((message) => message === 'last' && resolve(message)))
    a.post('last')
    await last
    expect(wrong).toEqual([])
    for (const channel of [a, b, other]) channel.close()
  })

  test('PL7 after unsubscribing nothing is heard', async () => {
    const [a, b] = [createTabChannel('three'), createTabChannel('three')]
    const heard: unknown[] = []
    const stop = b.listen((message) => heard.push(message))
    stop()
    const last = new Promise((resolve) => b.listen(resolve))
    a.post('one')
    await last
    expect(heard).toEqual([])
    a.close()
    b.close()
  })

  test('PL7 posting to a channel that was closed does nothing', () => {
    const channel = createTabChannel('four')
    channel.close()
    expect(() => channel.post('late')).not.toThrow()
    expect(() => channel.close()).not.toThrow()
  })
}
