import type { ImportSettings } from 'holdfast'

export type Format = ImportSettings['format']

const HEAD_BYTES = 4_096

/** What a transcript's first lines say it is; a person can say otherwise. */
export async function detectFormat(file: Blob): Promise<Format> {
  const [firstLine = ''] = (await file.slice(0, HEAD_BYTES).text()).trimStart().split('\n', 1)
  return /^\{\s*"type"\s*:/.test(firstLine) ? 'pi-session' : 'openai-messages'
}
