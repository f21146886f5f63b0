import type { ImportRecord } from '../../../src/core/transcript/records.ts'
import type { Body } from './rig.ts'

/** The transcript's tools as look-ups by key: arguments alone do not decide, since some calls repeat them and got another answer. */
export function lookUps(
  records: readonly ImportRecord[],
  changed?: { readonly key: string; readonly value: string },
): Body {
  const uses = new Map<string, number>()
  const answers = new Map<string, Extract<ImportRecord, { kind: 'result' }>['outcome']>()
  for (const record of records) {
    if (record.kind !== 'result') continue
    const use = (uses.get(record.callId) ?? 0) + 1
    uses.set(record.callId, use)
    answers.set(use === 1 ? record.callId : `${record.callId}#${use}`, record.outcome)
  }
  return (_input, { key }) => {
    if (changed?.key === key) return changed.value
    const outcome = answers.get(key)
    if (outcome === undefined) throw new Error(`No answer to ${key}`)
    if (!outcome.ok) throw new Error(outcome.message)
    return outcome.value
  }
}
