/** A log by hand in a worker: what our way of writing costs where nothing of ours runs. */
export function rawLog(durability: 'relaxed' | 'strict') {
  const worker = new Worker(new URL('../worker/raw-log.worker.ts', import.meta.url), { type: 'module' })
  const name = `a row like ours from a worker, ${durability}`
  return {
    name,
    write: (value: unknown): Promise<void> =>
      new Promise((resolve) => {
        worker.onmessage = () => resolve()
        worker.postMessage({ database: `bench-raw-log-${durability}`, durability, value })
      }),
    close: () => worker.terminate(),
  }
}
