import { describe, expect, test } from 'vitest'
import type { EventId } from '../../../src/core/ids.ts'
import type { Entry } from '../../../src/core/state/delta.ts'
import { Mirror } from '../../../src/core/state/mirror.ts'
import type { MirrorChange } from '../../../src/core/state/mirror-change.ts'
import { packEntries, readKept } from '../../../src/core/state/packed-entries.ts'
import { unreadEntries } from '../../../src/core/state/unread-entries.ts'
import type { StateValue } from '../../../src/core/state/value.ts'

/** Stamps that sort by their number. */
const at = (tick: number) => `stamp-${String(tick).padStart(4, '0')}` as EventId
const entry = (key: string, value: StateValue, tick: number) => ({ key, value, at: at(tick) })
const deletion = (key: string, tick: number) => ({ key, at: at(tick) })

function mirrorOf(...entries: Parameters<typeof entry>[]) {
  const heard: MirrorChange[] = []
  const failures: unknown[] = []
  const mirror = new Mirror({
    entries: entries.map((parts) => entry(...parts)),
    onListenerError: (error) => failures.push(error),
  })
  mirror.subscribe((change) => heard.push(change))
  return { mirror, heard, failures, take: () => heard.splice(0) }
}

describe('own writes', () => {
  test('MI1 a write shows at once; being settled with the same value is silent', () => {
    const { mirror, take } = mirrorOf(['n', 1, 1])
    mirror.write(1, [{ key: 'n', value: 2 }])
    expect([mirror.get('n'), mirror.hasPending]).toEqual([2, true])
    expect(take()).toEqual([{ key: 'n', value: 2, previous: 1, source: 'local', settled: false }])
    mirror.settle(1, { at: at(2), changes: [{ key: 'n', value: 2 }] })
    expect([mirror.get('n'), mirror.hasPending]).toEqual([2, false])
    expect(take()).toEqual([])
  })

  test('MI1 a deletion shows at once', () => {
    const { mirror, take } = mirrorOf(['n', 1, 1])
    mirror.write(1, [{ key: 'n' }])
    expect([mirror.has('n'), mirror.get('n'), mirror.keys()]).toEqual([false, undefined, []])
    expect(take()).toEqual([{ key: 'n', value: undefined, previous: 1, source: 'local', settled: false }])
    mirror.settle(1, { at: at(2), changes: [{ key: 'n' }] })
    expect(mirror.has('n')).toBe(false)
    mirror.apply([entry('n', 'older', 1)], 'tab')
    expect(mirror.has('n')).toBe(false)
  })

  test('MI2 a refused write goes back to what is stored', () => {
    const { mirror, take } = mirrorOf(['n', 1, 1])
    mirror.write(1, [
      { key: 'n', value: 2 },
      { key: 'new', value: 'x' },
    ])
    take()
    mirror.reject(1)
    expect([mirror.get('n'), mirror.has('new'), mirror.hasPending]).toEqual([1, false, false])
    expect(take()).toEqual([
      { key: 'n', value: 1, previous: 2, source: 'local', settled: true },
      { key: 'new', value: undefined, previous: 'x', source: 'local', settled: true },
    ])
  })

  test('MI2 a refused deletion brings the value back', () => {
    const { mirror, take } = mirrorOf(['n', 1, 1])
    mirror.write(1, [{ key: 'n' }])
    take()
    mirror.reject(1)
    expect(mirror.get('n')).toBe(1)
    expect(take()).toEqual([{ key: 'n', value: 1, previous: undefined, source: 'local', settled: true }])
  })

  test('MI2 what an unknown write is said to be changes nothing', () => {
    const { mirror, take } = mirrorOf(['n', 1, 1])
    mirror.reject(99)
    expect([mirror.get('n'), take()]).toEqual([1, []])
  })

  test('MI3 refused from the oldest: the latest shows until it goes itself', () => {
    const { mirror, take } = mirrorOf(['n', 0, 1])
    for (const id of [1, 2, 3]) mirror.write(id, [{ key: 'n', value: id }])
    take()
    mirror.reject(1)
    mirror.reject(2)
    expect([mirror.get('n'), take()]).toEqual([3, []])
    mirror.reject(3)
    expect(mirror.get('n')).toBe(0)
    expect(take()).toEqual([{ key: 'n', value: 0, previous: 3, source: 'local', settled: true }])
  })

  test('MI3 refused from the latest: each shows the one before it, not settled yet', () => {
    const { mirror, take } = mirrorOf(['n', 0, 1])
    for (const id of [1, 2, 3]) mirror.write(id, [{ key: 'n', value: id }])
    take()
    mirror.reject(3)
    mirror.reject(2)
    mirror.reject(1)
    expect(take().map(({ value, settled }) => [value, settled])).toEqual([
      [2, false],
      [1, false],
      [0, true],
    ])
  })

  test('MI3 the middle one is refused, the first settled late: the greatest stamp stands in the end', () => {
    const { mirror } = mirrorOf(['n', 0, 1])
    for (const id of [1, 2, 3]) mirror.write(id, [{ key: 'n', value: id }])
    mirror.reject(2)
    expect(mirror.get('n')).toBe(3)
    mirror.settle(3, { at: at(9), changes: [{ key: 'n', value: 3 }] })
    expect(mirror.get('n')).toBe(1)
    mirror.settle(1, { at: at(8), changes: [{ key: 'n', value: 1 }] })
    expect(mirror.get('n')).toBe(3)
  })

  test('MI4 a key that is not optimistic waits; another of the same write does not', () => {
    const { mirror, take } = mirrorOf()
    mirror.write(
      1,
      [
        { key: 'gated', value: 'raw' },
        { key: 'free', value: 1 },
      ],
      (key) => key !== 'gated',
    )
    expect([mirror.has('gated'), mirror.get('free')]).toEqual([false, 1])
    take()
    const changes = [
      { key: 'gated', value: 'made of it' },
      { key: 'free', value: 1 },
    ]
    mirror.settle(1, { at: at(1), changes })
    expect(take()).toEqual([
      { key: 'gated', value: 'made of it', previous: undefined, source: 'local', settled: true },
    ])
  })

  test('MI4 a write of such keys alone leaves nothing pending, and its refusal nothing to undo', () => {
    const { mirror, take } = mirrorOf()
    mirror.write(1, [{ key: 'gated', value: 1 }], () => false)
    expect(mirror.hasPending).toBe(false)
    mirror.reject(1)
    expect(take()).toEqual([])
  })

  test('MI1 a hook may have left a key out of what was stored: it goes back', () => {
    const { mirror } = mirrorOf(['a', 0, 1])
    mirror.write(1, [
      { key: 'a', value: 1 },
      { key: 'b', value: 1 },
    ])
    mirror.settle(1, { at: at(2), changes: [{ key: 'b', value: 1 }] })
    expect([mirror.get('a'), mirror.get('b')]).toEqual([0, 1])
  })
})

describe('stored entries', () => {
  test('MI5 an older stamp is ignored, a newer one taken, the source told', () => {
    const { mirror, take } = mirrorOf(['n', 'two', 2])
    mirror.apply([entry('n', 'one', 1)], 'device')
    expect([mirror.get('n'), take()]).toEqual(['two', []])
    mirror.apply([entry('n', 'three', 3)], 'device')
    mirror.apply([deletion('n', 4)], 'replay')
    mirror.apply([entry('n', 'late', 3)], 'tab')
    expect(take()).toEqual([
      { key: 'n', value: 'three', previous: 'two', source: 'device', settled: true },
      { key: 'n', value: undefined, previous: 'three', source: 'replay', settled: true },
    ])
  })

  test('MI5 under a pending write they wait, and show with their own source when it is refused', () => {
    const { mirror, take } = mirrorOf(['n', 0, 1])
    mirror.write(1, [{ key: 'n', value: 'mine' }])
    take()
    mirror.apply([entry('n', 'theirs', 5)], 'tab')
    expect([mirror.get('n'), take()]).toEqual(['mine', []])
    mirror.reject(1)
    expect(take()).toEqual([{ key: 'n', value: 'theirs', previous: 'mine', source: 'tab', settled: true }])
  })

  test('MI5 the same stamp again changes nothing, its source included', () => {
    const { mirror, take } = mirrorOf(['n', 0, 1])
    mirror.apply([entry('n', 1, 2)], 'device')
    mirror.apply([entry('n', 1, 2)], 'tab')
    mirror.write(1, [{ key: 'n', value: 'mine' }])
    take()
    mirror.reject(1)
    expect(take()).toMatchObject([{ source: 'device' }])
  })

  test('MI5 a settled write that is older than what another tab stored gives way to it', () => {
    const { mirror, take } = mirrorOf()
    mirror.write(1, [{ key: 'n', value: 'mine' }])
    mirror.apply([entry('n', 'theirs', 5)], 'tab')
    take()
    mirror.settle(1, { at: at(4), changes: [{ key: 'n', value: 'mine' }] })
    expect(take()).toEqual([{ key: 'n', value: 'theirs', previous: 'mine', source: 'tab', settled: true }])
  })

  test('MI6 entries that hold own writes settle them; the late answer is silent, also a refusal of one unknown', () => {
    const { mirror, take } = mirrorOf()
    mirror.write(1, [{ key: 'n', value: 'raw' }])
    mirror.write(2, [{ key: 'm', value: 1 }])
    take()
    mirror.apply([entry('n', 'cooked', 1), entry('m', 1, 1)], 'local', [1, 2])
    expect(mirror.hasPending).toBe(false)
    expect(take()).toEqual([{ key: 'n', value: 'cooked', previous: 'raw', source: 'local', settled: true }])
    mirror.settle(1, { at: at(1), changes: [{ key: 'n', value: 'cooked' }] })
    mirror.reject(2)
    expect([mirror.get('n'), mirror.get('m'), take()]).toEqual(['cooked', 1, []])
  })

  test('MI6 a later own write on the same key goes on showing', () => {
    const { mirror, take } = mirrorOf()
    mirror.write(1, [{ key: 'n', value: 1 }])
    mirror.write(2, [{ key: 'n', value: 2 }])
    take()
    mirror.apply([entry('n', 1, 1)], 'local', [1])
    expect([mirror.get('n'), take()]).toEqual([2, []])
  })
})

describe('listeners', () => {
  test('MI7 an equal value, however it is built, calls nobody', () => {
    const { mirror, take } = mirrorOf(['n', { a: [1], b: new Uint8Array([1]) }, 1])
    mirror.write(1, [{ key: 'n', value: { b: new Uint8Array([1]), a: [1] } }])
    mirror.apply([entry('n', { a: [1], b: new Uint8Array([1]) }, 5)], 'tab')
    mirror.reject(1)
    mirror.write(2, [{ key: 'none' }])
    expect(take()).toEqual([])
  })

  test('MI8 a listener of one key hears that key alone, once for each change, until it unsubscribes', () => {
    const { mirror } = mirrorOf()
    const values: (StateValue | undefined)[] = []
    const stop = mirror.subscribe(({ value }) => values.push(value), 'a')
    mirror.write(1, [
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
    ])
    stop()
    stop()
    mirror.write(2, [{ key: 'a', value: 3 }])
    expect(values).toEqual([1])
  })

  test('MI8 the same function may listen twice; each is ended by its own', () => {
    const { mirror } = mirrorOf()
    let calls = 0
    const listener = () => {
      calls += 1
    }
    const stop = mirror.subscribe(listener, 'a')
    mirror.subscribe(listener, 'a')
    mirror.write(1, [{ key: 'a', value: 1 }])
    stop()
    mirror.write(2, [{ key: 'a', value: 2 }])
    expect(calls).toBe(3)
  })

  test('MI8 unsubscribed by another listener during a change, it does not hear the rest', () => {
    const mirror = new Mirror()
    const heard: string[] = []
    let stop = () => {}
    mirror.subscribe(({ key }) => {
      heard.push(`first ${key}`)
      stop()
    })
    stop = mirror.subscribe(({ key }) => heard.push(`second ${key}`))
    mirror.write(1, [
      { key: 'a', value: 1 },
      { key: 'b', value: 1 },
    ])
    expect(heard).toEqual(['first a', 'first b'])
  })

  test('MI9 one that throws is reported, and stops nobody', () => {
    const failure = new Error('mine')
    const { mirror, failures, take } = mirrorOf()
    mirror.subscribe(() => {
      throw failure
    }, 'a')
    mirror.write(1, [
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
    ])
    expect(take().map(({ key }) => key)).toEqual(['a', 'b'])
    expect(failures).toEqual([failure])
  })

  test('MI9 without anybody to report to, or when the report throws, the others are called all the same', () => {
    for (const options of [
      {},
      {
        onListenerError: () => {
          throw new Error('again')
        },
      },
    ]) {
      const mirror = new Mirror(options)
      let calls = 0
      mirror.subscribe(() => {
        throw new Error('mine')
      })
      mirror.subscribe(() => {
        calls += 1
      })
      mirror.write(1, [{ key: 'a', value: 1 }])
      mirror.write(2, [{ key: 'a', value: 2 }])
      expect(calls).toBe(2)
    }
  })

  test('MI9 a listener that writes is heard after the change that made it write, by everybody', () => {
    const { mirror } = mirrorOf()
    const heard: unknown[] = []
    mirror.subscribe(({ value }) => {
      if (value === 1) mirror.write(2, [{ key: 'a', value: 2 }])
    })
    mirror.subscribe(({ value, previous }) => heard.push([previous, value]))
    mirror.write(1, [{ key: 'a', value: 1 }])
    expect(heard).toEqual([
      [undefined, 1],
      [1, 2],
    ])
  })

  test('MI10 every key of a write and of a patch is there before the first listener is called', () => {
    const { mirror } = mirrorOf()
    const seen: unknown[] = []
    mirror.subscribe(() => seen.push([mirror.get('a'), mirror.get('b')]))
    mirror.write(1, [
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
    ])
    mirror.reject(1)
    mirror.apply([entry('a', 3, 1), entry('b', 4, 1)], 'tab')
    expect(seen).toEqual([
      [1, 2],
      [1, 2],
      [undefined, undefined],
      [undefined, undefined],
      [3, 4],
      [3, 4],
    ])
  })
})

describe('reads', () => {
  test('MI11 keys and entries are sorted, without what was deleted, and follow each change', () => {
    const { mirror } = mirrorOf(['b', 2, 1], ['a', 1, 1], ['gone', 0, 1])
    mirror.apply([deletion('gone', 2)], 'tab')
    expect([mirror.keys(), [...mirror.entries()], mirror.size]).toEqual([
      ['a', 'b'],
      [
        ['a', 1],
        ['b', 2],
      ],
      2,
    ])
    mirror.write(1, [{ key: 'B', value: null }])
    expect([...mirror.entries()]).toEqual([
      ['B', null],
      ['a', 1],
      ['b', 2],
    ])
    mirror.reject(1)
    expect([mirror.keys(), mirror.size]).toEqual([['a', 'b'], 2])
  })

  test('MI11 null is a value', () => {
    const { mirror } = mirrorOf(['a', null, 1])
    expect([mirror.has('a'), mirror.get('a')]).toEqual([true, null])
  })

  test('MI12 an equal value keeps its identity, from write to settled', () => {
    const { mirror } = mirrorOf()
    const value = { list: [1] }
    mirror.write(1, [{ key: 'a', value }])
    mirror.settle(1, { at: at(1), changes: [{ key: 'a', value: { list: [1] } }] })
    mirror.apply([entry('a', { list: [1] }, 1)], 'local')
    expect(mirror.get('a')).toBe(value)
  })

  test('MI12 what came from the worker is frozen in depth', () => {
    const { mirror } = mirrorOf(['a', { list: [{}], bytes: new Uint8Array([1]) }, 1])
    const value = mirror.get('a') as { list: [object] }
    expect([value, value.list, value.list[0], mirror.keys()].every(Object.isFrozen)).toBe(true)
  })

  test('MI12 a value that is packed is the same one at each read, frozen, and shows beneath what came later', () => {
    const mirror = new Mirror()
    mirror.apply(packed(entry('a', { list: [1] }, 1), entry('b', 1, 1), deletion('c', 1)), 'tab')
    expect([mirror.has('a'), mirror.has('c'), mirror.keys()]).toEqual([true, false, ['a', 'b']])
    const value = mirror.get('a')
    expect([value, Object.isFrozen(value)]).toEqual([{ list: [1] }, true])
    expect(mirror.get('a')).toBe(value)
    expect([...mirror.entries()]).toEqual([
      ['a', value],
      ['b', 1],
    ])
    const heard: MirrorChange[] = []
    mirror.subscribe((change) => heard.push(change))
    mirror.apply([...packed(entry('a', 'older', 0), entry('b', 'packed', 2)), entry('b', 'later', 3)], 'tab')
    expect([mirror.get('a'), mirror.get('b')]).toEqual([value, 'later'])
    expect(heard).toEqual([{ key: 'b', value: 'later', previous: 1, source: 'tab', settled: true }])
  })
})

function packed(...entries: readonly Entry[]): readonly Entry[] {
  const read = readKept(packEntries(entries))
  if (read.packed === undefined) throw new Error('They were not packed.')
  return unreadEntries(read.packed)
}

describe('writes of other tabs', () => {
  test('MI13 one shows before it is stored, marked so, and what is stored takes its place in silence', () => {
    const { mirror, take } = mirrorOf(['n', 1, 1])
    mirror.foresee('r', [{ key: 'n', value: 2 }, { key: 'gone' }])
    expect([mirror.get('n'), mirror.hasPending]).toEqual([2, false])
    expect(take()).toEqual([{ key: 'n', value: 2, previous: 1, source: 'tab', settled: false }])
    mirror.apply([entry('n', 2, 2)], 'tab', [], ['r'])
    mirror.withdraw(['r'])
    expect([mirror.get('n'), take()]).toEqual([2, []])
  })

  test('MI13 one that is withdrawn leaves what lies below: another one, or what is stored', () => {
    const { mirror, take } = mirrorOf(['n', 1, 1])
    mirror.foresee('a', [{ key: 'n', value: 2 }])
    mirror.foresee('b', [{ key: 'n', value: 3 }])
    take()
    mirror.withdraw(['b', 'unknown'])
    expect(take()).toEqual([{ key: 'n', value: 2, previous: 3, source: 'tab', settled: false }])
    mirror.withdraw()
    expect(take()).toEqual([{ key: 'n', value: 1, previous: 2, source: 'local', settled: true }])
  })

  test('MI13 an own pending write shows above them', () => {
    const { mirror, take } = mirrorOf()
    mirror.write(1, [{ key: 'n', value: 'own' }])
    mirror.foresee('a', [{ key: 'n', value: 'other' }])
    expect(mirror.get('n')).toBe('own')
    take()
    mirror.reject(1)
    expect(take()).toEqual([{ key: 'n', value: 'other', previous: 'own', source: 'tab', settled: false }])
  })

  test('MI13 one that comes twice is shown once, and what it shows is frozen', () => {
    const { mirror } = mirrorOf()
    mirror.foresee('a', [{ key: 'n', value: { deep: [1] } }])
    mirror.foresee('a', [{ key: 'm', value: 2 }])
    expect([mirror.keys(), mirror.get('m')]).toEqual([['m'], 2])
    mirror.foresee('b', [{ key: 'n', value: { deep: [1] } }])
    expect(Object.isFrozen(mirror.get('n'))).toBe(true)
    mirror.withdraw(['a'])
    expect(mirror.keys()).toEqual(['n'])
  })
})
