/** Half of a surrogate pair: no UTF-8 exists for it, so a document would give back another string than it took. */
export const LONE_SURROGATE = /\p{Surrogate}/u

/**
 * What no key may hold: control characters and half surrogates. Asked of a text as it was given: Firefox composes a half
 * into U+FFFD (`normalize`), so that nothing is seen of it afterwards.
 */
export const UNNAMEABLE = /[\p{Control}\p{Surrogate}]/u
