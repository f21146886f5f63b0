/** The contents of state values that stand aside. */
import type { StreamId } from '../ids.ts'
import type { Entropy } from '../ports.ts'
import type { Aside, AsideClass } from '../state/aside.ts'
import type { StateValue } from '../state/value.ts'
import { bytesSource } from './bytes-source.ts'
import type { ContentReader } from './content-reader.ts'
import type { Intake, PreparedContent } from './intake.ts'
import { PLAIN_DOMAIN } from './references.ts'
import { decodeValue, encodeValue } from './value-bytes.ts'

/**
 * Random bytes before those of a sensitive value: its content's id, which events show, would otherwise be a hash that
 * anybody could compare with those of likely secrets.
 */
const SALT_BYTES = 32

export interface PreparedAside {
  readonly aside: Aside
  /** Its rows belong into the commit that names it. */
  readonly content: PreparedContent
}

/** What the use cases of sessions need of it; the use cases of artifacts implement it. */
export interface AsideStore {
  /** Before a decision: a state value that is to stand aside from its entry. `rowsOfContent` adds it to the decision. */
  prepareAside(
    stream: StreamId,
    asideClass: AsideClass,
    value: StateValue,
    signal?: AbortSignal,
  ): Promise<PreparedAside>
  /** A state value that stands aside. @throws CONTENT_DAMAGED */
  readAside(aside: Aside): Promise<StateValue>
  /** After a decision that did not come to a commit: what was prepared for it goes. Never throws. */
  abandon(prepared: readonly { readonly content?: PreparedContent }[]): Promise<void>
}

export async function prepareAside(
  deps: { readonly intake: Intake; readonly entropy: Entropy },
  stream: StreamId,
  asideClass: AsideClass,
  value: StateValue,
  signal?: AbortSignal,
): Promise<PreparedAside> {
  const isSensitive = asideClass === 'sensitive'
  const salt = isSensitive ? deps.entropy.randomBytes(SALT_BYTES) : new Uint8Array()
  const bytes = encodeValue(value)
  const salted = new Uint8Array(salt.byteLength + bytes.byteLength)
  salted.set(salt)
  salted.set(bytes, salt.byteLength)
  const domain = isSensitive ? stream : PLAIN_DOMAIN
  const content = await deps.intake.take(bytesSource(salted, signal), { domain })
  return {
    aside: { class: asideClass, domain, content: content.hash, sizeBytes: content.sizeBytes },
    content,
  }
}

/** @throws CONTENT_DAMAGED. */
export async function readAside(
  reader: ContentReader,
  { class: asideClass, domain, content, sizeBytes }: Aside,
): Promise<StateValue> {
  const bytes = await reader.whole({ domain, hash: content, sizeBytes })
  return decodeValue(asideClass === 'sensitive' ? bytes.subarray(SALT_BYTES) : bytes)
}
