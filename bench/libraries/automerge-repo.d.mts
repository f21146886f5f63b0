import type { Store } from '../peers/store.ts'

export function automergeRepoStore(): Store
