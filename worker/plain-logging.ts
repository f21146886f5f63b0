/** What Yjs uses of `lib0/logging`, said to the console as it is. The build puts it in that one's place. */
export const print = (...words: readonly unknown[]): void => console.log(...words)
export const warn = (...words: readonly unknown[]): void => console.warn(...words)

/** Styles of lib0's printer, which come among the words. */
export const BOLD = ''
export const UNBOLD = ''
export const RED = ''
export const ORANGE = ''
