/** Of the text of one event's data. A value takes at most five bytes for each of them, so that it stands in its event. */
export const MAX_TEXT_CHARACTERS = 6_000
