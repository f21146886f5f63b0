/** A JSON value of about 200 bytes, different for every turn. */
export function stateValue(turn: number): Record<string, string | number | boolean> {
  return {
    turn,
    title: `A state value of a usual size, turn ${turn}`,
    done: turn % 2 === 0,
    note: 'Enough words to make about two hundred bytes of JSON, as the states of real sessions have them.',
  }
}

/** The data of an event of about 330 bytes in all. */
export function eventData(turn: number): Record<string, string | number> {
  return {
    turn,
    step: `tool:read-${turn % 7}`,
    text: 'What a tool answered, in a sentence or two: the file was read, four hundred lines, nothing unusual found.',
  }
}
