/**
 * The database's generation as this browser last saw it, kept outside the database: so an emptied database (evicted, or
 * lost to a damaged disk, where Chromium gives an empty one without a word) is told from a new one. Workers have no
 * localStorage, so the page keeps it.
 */
export interface GenerationMarker {
  read(): string | undefined
  write(generation: string): void
}

export function createGenerationMarker(name: string): GenerationMarker {
  const key = `holdfast:${name}:generation`
  return {
    read: () => {
      try {
        return localStorage.getItem(key) ?? undefined
      } catch {
        // Blocked for this page: emptiness cannot be noticed then.
        return undefined
      }
    },
    write: (generation) => {
      try {
        localStorage.setItem(key, generation)
      } catch {
        // As above.
      }
    },
  }
}
