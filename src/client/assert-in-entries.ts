import type { App } from '../core/app/app.ts'
import { createError } from '../core/errors.ts'
import type { CreateSession } from '../core/session/input.ts'

/**
 * What a session begins with stands in its first event, openly: keys that the app declares otherwise have to wait.
 *
 * @throws INVALID_ARGUMENT naming the key.
 */
export function assertInEntries({ state, template }: CreateSession, app: App | undefined): void {
  const classes = app?.stateClasses
  if (classes === undefined) return
  const templates = app?.templates ?? {}
  const begun = template !== undefined && Object.hasOwn(templates, template) ? templates[template]?.state : {}
  for (const key of Object.keys({ ...begun, ...state })) {
    const kept = Object.hasOwn(classes, key) ? classes[key] : undefined
    if (kept === undefined || kept === 'standard') continue
    throw createError(
      'INVALID_ARGUMENT',
      `The app declares state "${key}" as ${kept}, so a session cannot begin with it; set it once the session is there.`,
      { key, declared: kept },
    )
  }
}
