import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { createDocuments, type LiveDocuments } from '../../src/context/documents.ts'
import { LwwMap } from '../../src/context/lww-map.ts'
import type { CommitRow } from '../../src/core/commit.ts'
import type { Clock } from '../../src/core/ids.ts'
import type { Delta } from '../../src/core/state/delta.ts'
import { deltasOf, foldEntries } from '../../src/core/state/fold.ts'
import { RowLog, STREAM } from './rows.ts'
import { byKey, delta, stamp } from './stamps.ts'

/** Hundreds of worlds take their time on a busy machine. */
const PATIENT = { timeout: 60_000 }

const WRITERS = [0, 1, 2] as const
const KEYS = ['a', 'b', 'c', 'd']

const writer = fc.constantFrom(...WRITERS)
const changes = fc.array(fc.tuple(fc.constantFrom(...KEYS), fc.option(fc.integer({ min: 0, max: 9 }))), {
  minLength: 1,
  maxLength: 3,
})
const action = fc.oneof(
  // A skewed clock is part of the trouble: a writer's ticks may lie behind those of others.
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('write' as const), writer, changes, skew: fc.nat(30) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      writer,
      picks: fc.array(fc.nat(), { maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('fail' as const), writer, changes, skew: fc.nat(30) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reload' as const), writer }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('snapshot' as const), writer }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('renew' as const), writer }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('without update' as const), writer, changes, skew: fc.nat(30) }),
  },
)

/** Three workers over one log, each with documents of its own. */
class World {
  readonly log = new RowLog()
  readonly #documents: readonly LiveDocuments[] = WRITERS.map(() => createDocuments({ log: this.log }))
  readonly #undelivered: CommitRow[][] = WRITERS.map(() => [])
  #tick = 0

  async run(step: typeof action extends fc.Arbitrary<infer Step> ? Step : never): Promise<void> {
    const documents = this.documents(step.writer)
    await documents.prepare([STREAM])
    switch (step.do) {
      case 'write': {
        const deltas = this.#deltas(step)
        const update = documents.apply(STREAM, deltas)
        this.#store(step.writer, deltas, update, documents.generation(STREAM))
        if (update !== undefined) documents.stored(STREAM)
        break
      }
      case 'fail':
        documents.apply(STREAM, this.#deltas(step))
        documents.drop(STREAM)
        break
      case 'without update':
        // As a row of an older version, or one whose update was dropped.
        this.#store(step.writer, this.#deltas(step), undefined)
        documents.drop(STREAM)
        break
      case 'deliver':
        for (const pick of step.picks) this.#deliverOne(step.writer, pick)
        break
      case 'reload':
        documents.drop(STREAM)
        this.#undelivered[step.writer] = []
        break
      case 'snapshot':
        this.#snapshot(step.writer, false)
        break
      case 'renew':
        this.#snapshot(step.writer, true)
        break
    }
    documents.release([STREAM])
  }

  /** As the journal does: of the generation that the last snapshot has, or of the one after it. */
  #snapshot(writer: number, isNew: boolean): void {
    const documents = this.documents(writer)
    const { bytes: before, generation = 0 } = this.log.snapshot ?? {}
    this.deliverAll(writer)
    documents.receive(STREAM, [], before, generation)
    if (documents.generation(STREAM) !== generation) return
    const bytes = isNew ? documents.renewed(STREAM, 0 as Clock) : documents.snapshot(STREAM)
    if (bytes === undefined) return
    const upTo = this.log.rows.length
    this.log.snapshot = { bytes, upTo, generation: generation + (isNew ? 1 : 0) }
    if (isNew) documents.outdate(STREAM)
  }

  documents(writer: number): LiveDocuments {
    const documents = this.#documents[writer]
    if (documents === undefined) throw new Error(`no writer ${writer}`)
    return documents
  }

  deliverAll(writer: number): void {
    while ((this.#undelivered[writer]?.length ?? 0) > 0) this.#deliverOne(writer, 0)
  }

  #deltas({
    writer,
    changes,
    skew,
  }: {
    writer: number
    changes: [string, number | null][]
    skew: number
  }): Delta[] {
    this.#tick += 40
    const last = new Map(changes)
    return [...last].map(([key, value]) => delta(key, value ?? undefined, this.#tick - skew, writer))
  }

  #store(
    writer: number,
    deltas: readonly Delta[],
    made: ReturnType<LiveDocuments['apply']>,
    generation = 0,
  ): void {
    const row = this.log.add(writer, deltas, made, made === undefined ? 0 : generation)
    for (const [other, waiting] of this.#undelivered.entries()) if (other !== writer) waiting.push(row)
  }

  /** Rows of other writers come in any order; a document that is not loaded has nobody to hear them. */
  #deliverOne(writer: number, pick: number): void {
    const waiting = this.#undelivered[writer] ?? []
    const [row] = waiting.splice(pick % Math.max(1, waiting.length), 1)
    if (row !== undefined) this.documents(writer).receive(STREAM, [row])
  }
}

test(
  'SF1, CX6, SG21 for three writers that merge, fail, take snapshots, begin anew and reload at random, state is the fold of the log',
  PATIENT,
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 40 }), async (steps) => {
        const world = new World()
        for (const step of steps) await world.run(step)
        const deltas = world.log.rows.flatMap((row) => row.events.flatMap(deltasOf))
        const expected = byKey(foldEntries([], deltas, 'state'))
        for (const writer of WRITERS) {
          const documents = world.documents(writer)
          await documents.prepare([STREAM])
          world.deliverAll(writer)
          expect(byKey(documents.entries(STREAM, 'state') ?? [])).toEqual(expected)
          documents.drop(STREAM)
          await documents.prepare([STREAM])
          expect(byKey(documents.entries(STREAM, 'state') ?? [])).toEqual(expected)
        }
      }),
      { numRuns: 200 },
    )
  },
)

test('SF1, SF2 the pure fold gives the same for every order of the deltas, in parts or at once', () => {
  const anyDelta = fc
    .tuple(fc.constantFrom(...KEYS), fc.option(fc.nat(9)), fc.nat(30), writer)
    .map(([key, value, tick, by]) => delta(key, value ?? undefined, tick, by))
  const distinct = fc.uniqueArray(anyDelta, { selector: ({ key, at }) => `${key} ${at}`, maxLength: 30 })
  const orders = distinct.chain((deltas) =>
    fc.tuple(fc.constant(deltas), fc.shuffledSubarray(deltas, { minLength: deltas.length }), fc.nat(30)),
  )
  fc.assert(
    fc.property(orders, ([deltas, shuffled, cut]) => {
      const whole = byKey(foldEntries([], deltas, 'state'))
      const first = foldEntries([], shuffled.slice(0, cut), 'state')
      expect(byKey(foldEntries(first, shuffled.slice(cut), 'state'))).toEqual(whole)
      for (const { key, at } of whole) {
        const greatest = deltas
          .filter((other) => other.key === key)
          .map((other) => other.at)
          .sort()
          .at(-1)
        expect(at).toBe(greatest)
      }
    }),
  )
})

test(
  'CX1, CX2, CX3 the map in a document gives the fold too, for replicas that merge at random, and keeps one entry a key',
  PATIENT,
  () => {
    const write = fc.record({
      replica: writer,
      key: fc.constantFrom(...KEYS),
      value: fc.option(fc.nat(9)),
      tick: fc.nat(60),
      by: writer,
    })
    const merge = fc.record({ from: writer, to: writer })
    fc.assert(
      fc.property(fc.array(fc.oneof(write, merge), { maxLength: 60 }), (steps) => {
        const replicas = WRITERS.map((number) => {
          const doc = new Y.Doc()
          doc.clientID = 10 + number
          return { doc, map: new LwwMap(doc, 'state') }
        })
        const at = (index: number) =>
          replicas[index] ?? { doc: new Y.Doc(), map: new LwwMap(new Y.Doc(), 'none') }
        const known = new Map<string, Delta>()
        for (const step of steps) {
          if ('from' in step) {
            Y.applyUpdate(at(step.to).doc, Y.encodeStateAsUpdate(at(step.from).doc))
            continue
          }
          // One stamp is one write: a replica that writes it again, from the log, writes the same.
          const id = `${step.key} ${stamp(step.tick, step.by)}`
          const made = known.get(id) ?? delta(step.key, step.value ?? undefined, step.tick, step.by)
          known.set(id, made)
          at(step.replica).map.put([made])
        }
        for (const from of replicas)
          for (const to of replicas) Y.applyUpdate(to.doc, Y.encodeStateAsUpdate(from.doc))
        for (const from of replicas)
          for (const to of replicas) Y.applyUpdate(to.doc, Y.encodeStateAsUpdate(from.doc))
        const expected = byKey(foldEntries([], [...known.values()], 'state'))
        for (const { doc, map } of replicas) {
          expect(byKey(map.entries())).toEqual(expected)
          expect(doc.getArray('state').length).toBe(expected.length)
        }
      }),
      { numRuns: 250 },
    )
  },
)
