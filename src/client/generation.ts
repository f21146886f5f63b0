/**
 * The database's generation as this browser last saw it, kept outside the database: so an emptied database (evicted, or
 * lost to a damaged disk, where Chromium gives an empty one without a word) is told from a new one. Workers have no
 * localStorage, so the page keeps it.
 */
export interface GenerationMarker {
  read(): string | undefined
  /** It is open. */
  write(generation: string): void
  /** The browser closed it under a page, or failed to open it, and no page has had it open since. */
  readonly isInDoubt: boolean
  doubt(): void
}

export function createGenerationMarker(name: string): GenerationMarker {
  const key = `holdfast:${name}:generation`
  const doubtKey = `holdfast:${name}:in-doubt`
  /** Another page may have had it open since, which says nothing of the room that there is now. */
  let isInDoubt = false
  return {
    read: () => stored((storage) => storage.getItem(key)) ?? undefined,
    write: (generation) => {
      isInDoubt = false
      stored((storage) => {
        storage.setItem(key, generation)
        storage.removeItem(doubtKey)
      })
    },
    get isInDoubt() {
      return isInDoubt || stored((storage) => storage.getItem(doubtKey)) === 'yes'
    },
    doubt: () => {
      isInDoubt = true
      stored((storage) => storage.setItem(doubtKey, 'yes'))
    },
  }
}

/** Nothing where it is blocked for this page: emptiness cannot be noticed then. */
function stored<Value>(work: (storage: Storage) => Value): Value | undefined {
  try {
    return work(localStorage)
  } catch {
    return undefined
  }
}
