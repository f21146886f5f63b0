/** Milliseconds from one refresh to the next, so that a burst of changes is not a burst of reads. */
const PAUSE_MS = 200

/** Runs a read whenever it is asked for; what is asked while one runs is answered by one more. */
export function createRefresher(read: () => Promise<void>): () => void {
  let running = false
  let asked = false

  async function run(): Promise<void> {
    running = true
    asked = false
    await read()
    setTimeout(() => {
      running = false
      if (asked) void run()
    }, PAUSE_MS)
  }

  return () => {
    asked = true
    if (!running) void run()
  }
}
