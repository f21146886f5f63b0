/** The five statuses of a session. A session is born `active`. */
export const STATUSES = ['active', 'suspended', 'completed', 'failed', 'archived'] as const
export type Status = (typeof STATUSES)[number]
