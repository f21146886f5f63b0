/** What a page shows of a state, within one scope: ephemeral values over what is stored or on its way. */
import { type AsideClass, asideOf } from '../core/state/aside.ts'
import type { Mirror } from '../core/state/mirror.ts'
import type { MirrorChange } from '../core/state/mirror-change.ts'
import { entryKeyOf, splitEntryKey } from '../core/state/scope.ts'
import type { StateValue } from '../core/state/value.ts'

/** A change, and how its value is kept where it stands aside: it is then to be read. */
export interface ViewChange extends MirrorChange {
  readonly class?: AsideClass
}

export interface StateView {
  get(key: string): StateValue | undefined
  has(key: string): boolean
  /** Sorted; another list whenever a key came or went, and the same one until then. */
  keys(): readonly string[]
  /** Without values that stand aside and were not read yet. */
  entries(): IterableIterator<readonly [string, StateValue]>
  subscribe(listener: (change: ViewChange) => void, key?: string): () => void
}

/** Archived values that were read, by what their entry holds instead: they leave with it. */
const hydrated = new WeakMap<object, StateValue>()

/** From now on a read shows an archived value, until it changes. */
export function hydrate(standIn: StateValue, value: StateValue): void {
  if (typeof standIn === 'object' && standIn !== null) hydrated.set(standIn, value)
}

export function createStateView(stored: Mirror, ephemeral: Mirror, scope: string | undefined): StateView {
  const entryKey = (key: string) => entryKeyOf(scope === undefined ? { key } : { scope, key })
  const [storedKeys, ephemeralKeys] = [keysWithin(stored, scope), keysWithin(ephemeral, scope)]
  const joined = createJoin()

  const shown = (key: string) => ephemeral.get(key) ?? valueShown(stored.get(key))

  return {
    get: (key) => shown(entryKey(key)),
    has: (key) => ephemeral.has(entryKey(key)) || stored.has(entryKey(key)),
    keys: () => joined(storedKeys(), ephemeralKeys()),
    *entries() {
      for (const key of this.keys()) {
        const value = shown(entryKey(key))
        if (value !== undefined) yield [key, value]
      }
    },
    subscribe(listener, key) {
      const own = key === undefined ? undefined : entryKey(key)
      const tell = (change: ViewChange) => {
        const split = splitEntryKey(change.key)
        if (split.scope === scope) listener({ ...change, key: split.key })
      }
      const stops = [
        stored.subscribe((change) => ephemeral.has(change.key) || tell(withoutStandIns(change)), own),
        ephemeral.subscribe((change) => tell(over(change, valueShown(stored.get(change.key)))), own),
      ]
      return () => {
        for (const stop of stops) stop()
      }
    },
  }
}

function valueShown(value: StateValue | undefined): StateValue | undefined {
  if (asideOf(value) === undefined) return value
  return typeof value === 'object' && value !== null ? hydrated.get(value) : undefined
}

function withoutStandIns(change: MirrorChange): ViewChange {
  const { value, previous } = change
  const aside = asideOf(value)
  if (aside === undefined && asideOf(previous) === undefined) return change
  return {
    ...change,
    value: valueShown(value),
    previous: valueShown(previous),
    ...(aside === undefined ? {} : { class: aside.class }),
  }
}

/** An ephemeral value covers what is stored, which shows again when it goes. */
function over(change: MirrorChange, below: StateValue | undefined): MirrorChange {
  return { ...change, value: change.value ?? below, previous: change.previous ?? below }
}

function keysWithin(mirror: Mirror, scope: string | undefined): () => readonly string[] {
  let all: readonly string[] | undefined
  let own: readonly string[] = []
  return () => {
    const present = mirror.keys()
    if (present !== all) {
      all = present
      const split = present.map(splitEntryKey)
      own = Object.freeze(split.filter((one) => one.scope === scope).map(({ key }) => key))
    }
    return own
  }
}

/** Two sorted lists as one, made anew only when one of them is another. */
function createJoin(): (a: readonly string[], b: readonly string[]) => readonly string[] {
  let made: {
    readonly a: readonly string[]
    readonly b: readonly string[]
    readonly all: readonly string[]
  } = {
    a: [],
    b: [],
    all: [],
  }
  return (a, b) => {
    if (b.length === 0) return a
    if (made.a !== a || made.b !== b) made = { a, b, all: Object.freeze([...new Set([...a, ...b])].sort()) }
    return made.all
  }
}
