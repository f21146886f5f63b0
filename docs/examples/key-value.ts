/** Bytes under keys: a store that a library's own key-value interface can stand on. */
import { openHoldfast } from 'holdfast'
import { createKeyValue } from 'holdfast/key-value'

export async function keyValue(name: string) {
  await using holdfast = await openHoldfast({ name })
  const session = await holdfast.sessions.create({ name: 'Documents' })
  const store = createKeyValue(session)

  await store.save(['notes', 'snapshot'], new Uint8Array([1, 2, 3]))
  await store.save(['notes', 'change', '1'], new Uint8Array([4]))
  await store.save(['notes', 'snapshot'], new Uint8Array([1, 2, 3, 4]))
  await store.removeRange(['notes', 'change'])

  const entries = await store.loadRange(['notes'])
  return entries.map(({ key, data }) => ({ key, bytes: [...data] }))
}
