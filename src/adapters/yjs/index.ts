/** App documents as live Yjs documents, for editors. */
export type { DocumentState, LiveDocument } from './live-document.ts'
export { type DocumentOptions, openDocument } from './open-document.ts'
