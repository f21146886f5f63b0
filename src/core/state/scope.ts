/**
 * Scopes inside a session: what an agent, a tool or a workflow keeps there for itself. They live in the session's own
 * document, so they go, fork and come back with it.
 */
import { createError } from '../errors.ts'
import type { StateChange } from '../timeline/catalog.ts'
import { asideValue } from './aside.ts'
import { UNNAMEABLE } from './text.ts'

/** Whose state it is, inside a session. */
export type SessionScope =
  | { readonly agent: string }
  | { readonly tool: string }
  | { readonly workflow: string }

export const SESSION_SCOPE_KINDS = ['agent', 'tool', 'workflow'] as const

/** Longest name of a scope's owner, in UTF-16 code units. */
export const SCOPE_NAME_LIMIT = 128

/** Stands before and behind a scope in an entry's key. No key of a caller holds a control character. */
const MARK = '\u0000'

/** A key of a state, and the scope inside the session that it belongs to: `agent:planner`. */
export interface ScopedKey {
  readonly scope?: string
  readonly key: string
}

/**
 * The text of a scope, as events and hooks show it: `agent:planner`.
 * @throws INVALID_ARGUMENT for what is no scope; INVALID_NAME for a name that none can have
 */
export function scopeText(scope: SessionScope): string {
  const named = Object.entries(scope)
  const [kind, name] = named[0] ?? []
  if (named.length !== 1 || !isKind(kind)) {
    throw createError(
      'INVALID_ARGUMENT',
      `A scope inside a session is named by one of ${SESSION_SCOPE_KINDS.join(', ')}: { agent: 'planner' }.`,
      { path: 'scope' },
    )
  }
  return admitScope(`${kind}:${String(name)}`)
}

/**
 * Checks the text of a scope.
 * @throws INVALID_NAME unless it is a kind, a colon, and 1 to {@link SCOPE_NAME_LIMIT} plain characters
 */
export function admitScope(scope: unknown): string {
  const [, kind, name = ''] = typeof scope === 'string' ? (/^([a-z]+):(.*)$/s.exec(scope) ?? []) : []
  const isNamed = name !== '' && name.length <= SCOPE_NAME_LIMIT && !UNNAMEABLE.test(name)
  if (isKind(kind) && isNamed) return `${kind}:${name}`
  throw createError(
    'INVALID_NAME',
    `${JSON.stringify(scope)} names no scope of a session; give agent, tool or workflow a name of 1 to ${SCOPE_NAME_LIMIT} plain characters.`,
    { scope },
  )
}

/** A change's key without the rest of it. */
export function keyOf({ key, scope }: ScopedKey): ScopedKey {
  return scope === undefined ? { key } : { key, scope }
}

/** The key of the entry that holds it, in the one map of all the session's state. */
export function entryKeyOf({ scope, key }: ScopedKey): string {
  return scope === undefined ? key : MARK + scope + MARK + key
}

/** A change as entries hold it: scopes inside a session are part of the key, and what stands aside is only named. */
export function withEntryKey({ value, aside, ...change }: StateChange): StateChange {
  const key = entryKeyOf(change)
  const held = aside === undefined ? value : asideValue(aside)
  return held === undefined ? { key } : { key, value: held }
}

/** What {@link entryKeyOf} put together. */
export function splitEntryKey(entryKey: string): ScopedKey {
  if (!entryKey.startsWith(MARK)) return { key: entryKey }
  const end = entryKey.indexOf(MARK, 1)
  return { scope: entryKey.slice(1, end), key: entryKey.slice(end + 1) }
}

function isKind(kind: unknown): kind is (typeof SESSION_SCOPE_KINDS)[number] {
  return SESSION_SCOPE_KINDS.some((known) => known === kind)
}
