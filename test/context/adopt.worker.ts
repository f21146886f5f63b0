/** Adopts inside a worker and answers with what came of it. */
import { readYIndexedDB, removeYIndexedDB, verifyAdopted } from '../../src/context/adopt.ts'

addEventListener('message', async ({ data: name }: MessageEvent<string>) => {
  try {
    const adopted = await readYIndexedDB(name)
    verifyAdopted(adopted, adopted.update)
    await removeYIndexedDB(adopted)
    postMessage({ adopted })
  } catch (error) {
    postMessage({ failed: String(error) })
  }
})
