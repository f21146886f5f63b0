import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { checkUpdate } from '../../src/context/update-gate.ts'
import { isHoldfastError } from '../../src/core/errors.ts'

function firstWriter(): Y.Doc {
  const first = new Y.Doc()
  first.clientID = 5
  first.getMap('m').set('a', { deep: [1, new Uint8Array(3)] })
  first.getArray('x').push(['hello', 2])
  first.getText('t').insert(0, 'hello', { bold: true })
  return first
}

/** An update of two writers with every kind of content. */
function honestUpdate(): Uint8Array {
  const first = firstWriter()
  const second = new Y.Doc()
  second.clientID = 300
  Y.applyUpdate(second, Y.encodeStateAsUpdate(first))
  second.getText('t').insert(2, 'more')
  second.getArray('x').delete(0)
  second.getMap('m').set('n', new Y.Map([['z', [1]]]))
  second.getXmlFragment('f').insert(0, [new Y.XmlElement('p')])
  return Y.encodeStateAsUpdate(second)
}

test('CX17, CX22 an honest update with bytes changed at random is refused as a whole, or applied as a whole', {
  timeout: 60_000,
}, () => {
  const honest = honestUpdate()
  const mutation = fc.tuple(fc.nat(honest.length - 1), fc.integer({ min: 0, max: 255 }))
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), fc.boolean(), (mutations, isKnown) => {
      const doc = isKnown ? firstWriter() : new Y.Doc()
      doc.clientID = 1_000_000
      const update = honest.slice()
      for (const [at, byte] of mutations) update[at] = byte
      try {
        checkUpdate(update, { doc })
      } catch (error) {
        expect(isHoldfastError(error)).toBe(true)
        return
      }
      Y.applyUpdate(doc, update)
    }),
    { numRuns: 2_000 },
  )
})
