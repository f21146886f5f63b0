import { isList } from '../state/same-value.ts'
import type { StateValue } from '../state/value.ts'
import type { Secrecy, SecrecyOf } from './secret-names.ts'
import type { SecretShape, ShapeGroup } from './secret-shapes.ts'

/** What is secret. */
export interface Secrets {
  readonly secrecyOf: SecrecyOf
  readonly groups: readonly ShapeGroup[]
  /** What is left alone wherever it is found. */
  isKept(text: string): boolean
}

/** How a secret is written. */
export type Mark = (secret: string) => string

/** Taking one secret out can show another; only a pattern that finds its own mark goes on for more rounds than this. */
const MAX_ROUNDS = 4

/** The value with every secret marked; the value itself where there is none. */
export function cleanValue(value: StateValue, secrets: Secrets, mark: Mark, secrecy?: Secrecy): StateValue {
  if (typeof value === 'string') {
    if (secrecy === undefined) return cleanText(value, secrets, mark)
    return secrets.isKept(value) ? value : mark(value)
  }
  if (typeof value === 'number') return secrecy === 'anything' ? mark(String(value)) : value
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return secrecy === undefined ? value : mark(String(value))
  if (isList(value)) return mapList(value, (item) => cleanValue(item, secrets, mark, secrecy))
  return cleanMembers(value, secrets, mark, secrecy)
}

function cleanText(text: string, secrets: Secrets, mark: Mark): string {
  let clean = text
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const before = clean
    for (const { hint, shapes } of secrets.groups) {
      if (hint !== undefined && !hint.test(clean)) continue
      for (const shape of shapes) clean = markShape(clean, shape, secrets, mark)
    }
    if (clean === before) break
  }
  return clean
}

function markShape(text: string, { pattern, accepts }: SecretShape, { isKept }: Secrets, mark: Mark): string {
  return text.replace(pattern, (match: string, ...rest: readonly unknown[]) => {
    const groups = groupsOf(rest.at(-1))
    if (accepts !== undefined && !accepts(groups)) return match
    const secret = groups.secret ?? groups.quoted ?? groups.bare ?? match
    if (isKept(secret)) return match
    const tail = groups.quote ?? ''
    return match.slice(0, match.length - tail.length - secret.length) + mark(secret) + tail
  })
}

/** The last argument of a replacer is the groups where the pattern has named ones, else the text. */
function groupsOf(last: unknown): Readonly<Record<string, string | undefined>> {
  return typeof last === 'object' && last !== null ? { ...last } : {}
}

type Members = Readonly<Record<string, StateValue>>

/** Marks an object that stands for what state cannot hold: `{ $type: 'map', value: [[key, value], …] }`. */
const TAG = '$type'

/** Below a secret name only what has a secret name itself is secret, as in a schema that describes a password. */
function cleanMembers(
  members: Members,
  secrets: Secrets,
  mark: Mark,
  secrecy: Secrecy | undefined,
): StateValue {
  const below = secrecy === 'container' ? secrecy : undefined
  const tag = members[TAG]
  const named = nameInside(members)
  const cleanName = (name: string) => cleanText(name, secrets, mark)
  return mapMembers(members, cleanName, (item, key) => {
    if (tag !== undefined && (key === TAG || key === 'mime')) return item
    if (tag === 'map' && isPairs(item)) return mapList(item, (pair) => cleanPair(pair, secrets, mark, below))
    const own = key === 'value' && named !== undefined ? secrets.secrecyOf(named) : secrets.secrecyOf(key)
    return cleanValue(item, secrets, mark, own ?? below)
  })
}

function cleanPair(pair: StateValue, secrets: Secrets, mark: Mark, below: Secrecy | undefined): StateValue {
  if (!isPairs(pair)) return cleanValue(pair, secrets, mark, below)
  const [name] = pair
  const own = typeof name === 'string' ? secrets.secrecyOf(name) : undefined
  return mapList(pair, (item, at) => cleanValue(item, secrets, mark, at === 0 ? undefined : (own ?? below)))
}

/** `{ name: 'DB_PASSWORD', value: … }`: lists of headers, of variables, of form fields. */
function nameInside({ name, key, value }: Members): string | undefined {
  if (value === undefined) return undefined
  if (typeof name === 'string') return name
  return typeof key === 'string' ? key : undefined
}

function isPairs(value: StateValue): value is readonly StateValue[] {
  return typeof value === 'object' && value !== null && isList(value)
}

function mapList(
  list: readonly StateValue[],
  change: (item: StateValue, at: number) => StateValue,
): StateValue {
  const changed = list.map(change)
  return changed.some((item, at) => item !== list[at]) ? changed : list
}

/** Names can be secrets, too: of what was used by each key. */
function mapMembers(
  members: Members,
  rename: (name: string) => string,
  change: (item: StateValue, name: string) => StateValue,
): StateValue {
  const changed = new Map<string, StateValue>()
  let isChanged = false
  for (const [name, item] of Object.entries(members)) {
    const clean = rename(name)
    const left = change(item, name)
    isChanged ||= clean !== name || left !== item
    changed.set(clean === name ? name : freeName(clean, members, changed), left)
  }
  return isChanged ? Object.fromEntries(changed) : members
}

/** Of several secrets that are marked alike each keeps what stands under it. */
function freeName(name: string, members: Members, taken: ReadonlyMap<string, StateValue>): string {
  let free = name
  for (let count = 2; free in members || taken.has(free); count++) free = `${name} ${count}`
  return free
}
