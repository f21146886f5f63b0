import type { Tab } from './session/rig.ts'

/** The tables that hold the text, in a string or in bytes. */
export async function tablesWith(tab: Tab, text: string): Promise<readonly string[]> {
  await tab.journal.flush()
  const found: string[] = []
  for (const table of tab.connection.db.tables) {
    const rows = await table.toArray()
    if (rows.some((row) => textOf(row).includes(text))) found.push(table.name)
  }
  return found
}

/** A row as text, bytes in it as the characters that they are in ASCII. */
export function textOf(row: unknown): string {
  return JSON.stringify(row, (_key, value) =>
    value instanceof Uint8Array ? new TextDecoder('latin1').decode(value) : value,
  )
}
