/** The use cases that few sessions need: they are loaded together, when one of them is first asked for. */
export { listCheckpoints, saveSession } from './checkpoint.ts'
export { deleteSession } from './delete.ts'
export { forkSession } from './fork.ts'
export { packedSessionAt } from './past.ts'
export { readState } from './read-state.ts'
export { restoreSession } from './restore.ts'
