/** Documents for editors: live Yjs documents that are stored as they are edited. */
import { openHoldfast } from 'holdfast'
import { openDocument } from 'holdfast/yjs'

export async function documents(name: string) {
  await using holdfast = await openHoldfast({ name })
  const session = await holdfast.sessions.create({ name: 'Notes' })

  const notes = await openDocument(session, 'notes')
  await notes.synced
  notes.doc.getText('body').insert(0, 'Hello.')
  const atOnce = notes.state.stored
  await notes.flush()
  const afterFlush = notes.state.stored
  await notes.close()

  await session.suspend()
  const again = await openDocument(session, 'notes')
  await again.synced
  const text = again.doc.getText('body').toString()
  const { readOnly } = again.state
  await again.close()
  return { atOnce, afterFlush, text, readOnly, names: await session.documents.list() }
}
