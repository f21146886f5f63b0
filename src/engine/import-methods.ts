import type { SessionDeps } from '../core/session/deps.ts'
import type { Methods } from './methods.ts'
import type { Parts } from './parts.ts'

export function createImportMethods(_sessions: SessionDeps, _parts: Parts): Pick<Methods, 'sessions.import'> {
  return {
    'sessions.import': () => {
      throw new Error('soon')
    },
  }
}
