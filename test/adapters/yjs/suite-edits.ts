/** What users of the suite do at random, to all kinds of content at once. */
import * as prng from 'lib0/prng'
import * as Y from 'yjs'

type Edit = (doc: Y.Doc, random: prng.PRNG) => void

export const RANDOM_EDITS: Edit[] = [
  (doc, random) => {
    const array = doc.getArray('array')
    const values = Array.from({ length: prng.int32(random, 1, 4) }, () => prng.int32(random, 0, 1_000))
    array.insert(prng.int32(random, 0, array.length), values)
  },
  (doc, random) => {
    const array = doc.getArray('array')
    array.insert(prng.int32(random, 0, array.length), [new Y.Array(), new Y.Map()])
    const inner = array.get(prng.int32(random, 0, array.length - 1))
    if (inner instanceof Y.Array) inner.push([prng.word(random)])
    else if (inner instanceof Y.Map) inner.set(prng.word(random, 1, 2), prng.int32(random, 0, 9))
  },
  (doc, random) => {
    const array = doc.getArray('array')
    if (array.length === 0) return
    const at = prng.int32(random, 0, array.length - 1)
    array.delete(at, prng.int32(random, 1, Math.min(3, array.length - at)))
  },
  (doc, random) => {
    doc.getMap('map').set(prng.oneOf(random, ['one', 'two', 'three']), prng.word(random))
  },
  (doc, random) => {
    doc.getMap('map').set(prng.oneOf(random, ['one', 'two']), new Y.Array())
  },
  (doc, random) => {
    doc.getMap('map').delete(prng.oneOf(random, ['one', 'two', 'three']))
  },
  (doc, random) => {
    const text = doc.getText('text')
    const attributes = prng.bool(random) ? { bold: true } : {}
    text.insert(prng.int32(random, 0, text.length), prng.word(random, 1, 8), attributes)
  },
  (doc, random) => {
    const text = doc.getText('text')
    if (text.length === 0) return
    const at = prng.int32(random, 0, text.length - 1)
    const length = prng.int32(random, 1, Math.min(4, text.length - at))
    if (prng.bool(random)) text.delete(at, length)
    else text.format(at, length, { bold: prng.bool(random) ? true : null })
  },
  (doc, random) => {
    const xml = doc.get('xml', Y.XmlElement)
    const element = new Y.XmlElement(prng.oneOf(random, ['p', 'h1']))
    xml.insert(prng.int32(random, 0, xml.length), [element])
    element.insert(0, [new Y.XmlText(prng.word(random))])
  },
  (doc, random) => {
    const xml = doc.get('xml', Y.XmlElement)
    if (xml.length > 0) xml.delete(prng.int32(random, 0, xml.length - 1), 1)
  },
]
