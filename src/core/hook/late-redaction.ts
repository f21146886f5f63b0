/** What of redaction is loaded when it is first needed; replays need parts of it, too. */
export { createRedactor } from './redactor.ts'
