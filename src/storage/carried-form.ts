/** Rows of the log as tabs hand them to each other: in the form that they have in their table. */
import type { CommitRow, RowForm } from '../core/commit.ts'
import { isDocumentStream } from '../core/ids.ts'
import { isSound } from './checksum.ts'
import { toCommitRow } from './commit-rows.ts'
import { readForm } from './row-form.ts'
import type { WrittenCommit } from './schema.ts'

/** Of a row that a message between tabs may carry; a larger one is read by who wants it. */
const CARRIED_BYTES = 4_096

/** What tabs hand each other of a row; undefined for one that is read all the same: a large one, or an app document's. */
export function carriedForm(written: WrittenCommit): RowForm | undefined {
  const { body, update, streamId } = written
  if (!(body instanceof Uint8Array) || isDocumentStream(streamId)) return undefined
  if (body.byteLength + (update?.byteLength ?? 0) > CARRIED_BYTES) return undefined
  return written as object as RowForm
}

/** The row that another tab stored under this number; undefined where it is not what any tab of this build stores. */
export function readCarried(form: RowForm, seq: number): CommitRow | undefined {
  try {
    // Every row that is written has a sum, and where it is right all the rest has its shape.
    if (typeof form.sum !== 'number' || !isSound(form)) return undefined
    const stored = readForm(form as unknown as WrittenCommit)
    return stored && toCommitRow(stored, seq)
  } catch {
    return undefined
  }
}
