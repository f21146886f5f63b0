import { describe, expect, test } from 'vitest'
import { type CorrelationId, clockAt, type EventId, idAt, type WriterId } from '../../../src/core/ids.ts'
import type { TimelineEvent } from '../../../src/core/timeline/event.ts'
import { buildTree, type TimelineNode } from '../../../src/core/timeline/tree.ts'

const idOf = (at: number) => idAt<EventId>(clockAt(1_700_000_000_000 + at), '8000-000000000001' as WriterId)

function event(at: number, cause?: number): TimelineEvent {
  return {
    id: idOf(at),
    type: `event.${at}`,
    data: null,
    correlationId: 'c' as CorrelationId,
    ...(cause === undefined ? {} : { causeId: idOf(cause) }),
    source: 'local',
    schema: 1,
    time: at,
  }
}

/** `1(2 3(4))`: each event's number, its effects in parentheses. */
function drawn(nodes: readonly TimelineNode[]): string {
  return nodes
    .map(({ event, children }) => event.type.slice(6) + (children.length === 0 ? '' : `(${drawn(children)})`))
    .join(' ')
}

describe('tree of one correlation', () => {
  test('TI7 effects hang below their cause in clock order, whatever order they come in', () => {
    const events = [event(4, 3), event(1), event(3, 1), event(2, 1), event(5)]
    expect(drawn(buildTree(events))).toBe('1(2 3(4)) 5')
  })

  test('TI7 the depth counts the causes above', () => {
    const [root] = buildTree([event(1), event(2, 1), event(3, 2)])
    expect([root?.depth, root?.children[0]?.depth, root?.children[0]?.children[0]?.depth]).toEqual([0, 1, 2])
  })

  test('TI7 an event whose cause is not among them is a root', () => {
    expect(drawn(buildTree([event(2, 1), event(3, 2)]))).toBe('2(3)')
  })

  test('TI7 an effect that sorts before its cause still hangs below it', () => {
    expect(drawn(buildTree([event(1, 5), event(5)]))).toBe('5(1)')
  })

  test('TI7 events that cause each other in a circle hang below the first of them, each once', () => {
    expect(drawn(buildTree([event(1, 3), event(2, 1), event(3, 2), event(4, 3)]))).toBe('1(2(3(4)))')
    expect(drawn(buildTree([event(1, 1)]))).toBe('1')
  })

  test('TI7 a chain as long as a session has no limit', () => {
    const chain = Array.from({ length: 20_000 }, (_, at) => event(at, at === 0 ? undefined : at - 1))
    let node = buildTree(chain)[0]
    let depth = 0
    while (node?.children[0] !== undefined) {
      node = node.children[0]
      depth += 1
    }
    expect([depth, node?.depth]).toEqual([19_999, 19_999])
  })
})
