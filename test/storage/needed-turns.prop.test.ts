import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { WriterId } from '../../src/core/ids.ts'
import { staying } from '../../src/storage/needed-turns.ts'

/** Small, so that a log has several of what is looked at at once. */
const AT_ONCE = 4

interface Row {
  readonly seq: number
  readonly writer: WriterId
  readonly isTurn: boolean
  isDamaged?: boolean
}

/** A log and its writers, each with what it takes for the number of its last row. */
class Model {
  readonly rows: Row[] = []
  readonly #next = new Map<WriterId, number>()
  readonly #dead = new Set<WriterId>()
  #end = 0

  /** @throws where a row goes in under a number that somebody had used */
  write(writer: WriterId, isHeadAlone: boolean): void {
    if (this.#dead.has(writer)) return
    const next = this.#next.get(writer)
    const isFree = next !== undefined && !this.rows.some(({ seq }) => seq === next)
    if (isFree && next <= this.#end) throw new Error(`${writer} took ${next}, and the end is ${this.#end}.`)
    if (!isFree) this.#put(writer, true)
    if (isFree || !isHeadAlone) this.#put(writer, isHeadAlone)
    this.#next.set(writer, this.#end + 1)
  }

  #put(writer: WriterId, isTurn: boolean): void {
    this.#end += 1
    this.rows.push({ seq: this.#end, writer, isTurn })
  }

  /** A transaction failed, or an erasing: the writer does not know the end any more. */
  doubt(writer: WriterId): void {
    this.#next.delete(writer)
  }

  kill(writer: WriterId): void {
    this.#dead.add(writer)
  }

  pack(): void {
    this.#keep(({ isTurn }) => isTurn)
  }

  /** The last of its turns. */
  damage(writer: WriterId): void {
    const row = this.rows.findLast((each) => each.isTurn && each.writer === writer)
    if (row !== undefined) row.isDamaged = true
  }

  /** Once over all, in parts. */
  sweep(knowsDead: boolean): void {
    const turns = this.rows.filter(({ isTurn }) => isTurn)
    for (let first = 0; ; ) {
      const part = turns.filter(({ seq }) => seq >= first).slice(0, AT_ONCE)
      const read = part.map(({ seq, writer, isDamaged }) => (isDamaged ? { seq } : { seq, writer }))
      const stay = new Set(staying(read, knowsDead ? this.#dead : new Set()).map(({ seq }) => seq))
      this.#keep((row) => !part.includes(row) || stay.has(row.seq))
      if (part.length < AT_ONCE) return
      first = part.at(-1)?.seq ?? 0
    }
  }

  #keep(isKept: (row: Row) => boolean): void {
    this.rows.splice(0, this.rows.length, ...this.rows.filter(isKept))
  }
}

const writers = ['a', 'b', 'c', 'd', 'e'] as WriterId[]
const writer = fc.constantFrom(...writers)

const step = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(fc.constant('write'), writer, fc.boolean()) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('doubt'), writer, fc.boolean()) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('kill'), writer, fc.boolean()) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('damage'), writer, fc.boolean()) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('pack'), writer, fc.boolean()) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('sweep'), writer, fc.boolean()) },
)

test('JO49, JO51 whatever writers do, and whenever the log is packed and swept, nobody finds a number free that another has used', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const model = new Model()
      for (const [what, by, flag] of steps) {
        if (what === 'write') model.write(by, flag)
        else if (what === 'doubt') model.doubt(by)
        else if (what === 'kill') model.kill(by)
        else if (what === 'damage') model.damage(by)
        else if (what === 'pack') model.pack()
        else model.sweep(flag)
      }
    }),
    { numRuns: 10_000 },
  )
}, 60_000)

test('JO49 what stays is two rows a writer at most, with the first and the last', () => {
  fc.assert(
    fc.property(fc.array(writer, { minLength: 1 }), (order) => {
      const rows = order.map((by, at) => ({ seq: at + 1, writer: by }))
      expect(staying(rows, new Set()).length).toBeLessThanOrEqual(2 * new Set(order).size + 1)
    }),
  )
})
