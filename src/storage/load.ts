/**
 * How much waits to be stored. Beyond a limit callers wait their turn before their calls are decided, so that a burst
 * cannot fill the memory.
 */
export const MAX_WAITING_BYTES = 32 * 1_048_576

export class Load {
  readonly #limit: number
  readonly #line: (() => void)[] = []
  #bytes = 0

  constructor(limit = MAX_WAITING_BYTES) {
    this.#limit = limit
  }

  /** Resolves in order of arrival; undefined where there is no need to wait. */
  room(): Promise<void> | undefined {
    if (this.#bytes <= this.#limit && this.#line.length === 0) return undefined
    return new Promise((resolve) => this.#line.push(resolve))
  }

  add(bytes: number): void {
    this.#bytes += bytes
  }

  remove(bytes: number): void {
    this.#bytes -= bytes
    if (this.#bytes > this.#limit) return
    // One at a time: it adds its bytes before the one behind it is let in.
    this.#line.shift()?.()
  }

  /** Lets in the next one, after one came in and added its bytes. */
  advance(): void {
    if (this.#bytes <= this.#limit) this.#line.shift()?.()
  }
}
