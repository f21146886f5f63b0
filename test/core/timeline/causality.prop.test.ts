import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CorrelationId, clockAt, type EventId, idAt, type WriterId } from '../../../src/core/ids.ts'
import { CausalityReader } from '../../../src/core/timeline/causality.ts'
import type { TimelineEvent } from '../../../src/core/timeline/event.ts'
import { buildTree } from '../../../src/core/timeline/tree.ts'

const idOf = (at: number) => idAt<EventId>(clockAt(1_700_000_000_000 + at), '8000-000000000001' as WriterId)

/** Causes of all kinds: earlier, later, of nobody here, in circles. */
const events = fc
  .array(fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }), { minLength: 1, maxLength: 30 })
  .map((causes) =>
    causes.map(
      (cause, at) =>
        ({
          id: idOf(at),
          correlationId: `c${at % 3}` as CorrelationId,
          ...(cause === undefined || cause === at ? {} : { causeId: idOf(cause) }),
        }) as TimelineEvent,
    ),
  )

test('TI17, TI19 an event stands where the tree shows it, whatever order the events come in', () => {
  fc.assert(
    fc.property(events, fc.array(fc.nat(), { minLength: 30, maxLength: 30 }), (inOrder, dice) => {
      const shuffled = inOrder
        .map((event, at) => ({ event, die: dice[at] ?? 0 }))
        .toSorted((a, b) => a.die - b.die)
        .map(({ event }) => event)
      const reader = new CausalityReader()
      for (const event of shuffled) reader.add(event)
      const causality = reader.finish()

      const drawn = new Map<EventId, unknown>()
      const waiting = buildTree(inOrder).map((node) => ({ node, root: node.event.id }))
      for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
        const { node, root } = each
        drawn.set(node.event.id, { depth: node.depth, root, isLeaf: node.children.length === 0 })
        for (const child of node.children) waiting.push({ node: child, root })
      }
      const places = [...causality.places()].map(
        ([id, { depth, root, isLeaf }]) => [id, { depth, root, isLeaf }] as const,
      )
      expect(new Map(places)).toEqual(drawn)
      expect(causality.size).toBe(inOrder.length)
    }),
    { seed: 4_711, numRuns: 500 },
  )
})
