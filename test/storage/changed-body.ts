import { readForm } from '../../src/storage/row-form.ts'
import type { CommitBody, WrittenCommit } from '../../src/storage/schema.ts'

/** What a row of the log holds, whatever its checksum says. */
export function bodyOf(row: WrittenCommit): CommitBody {
  const held = readForm(row)
  if (held === undefined) throw new Error(`Row ${row.seq} holds nothing that can be read.`)
  return held.body
}

/** The row with something else in it, in the form in which it is written, under the checksum that it had. */
export function withBody(row: WrittenCommit, change: (body: CommitBody) => CommitBody): WrittenCommit {
  const { update, ...held } = change(bodyOf(row))
  return { ...row, body: new TextEncoder().encode(JSON.stringify(held)), ...(update && { update }) }
}
