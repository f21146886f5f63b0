import type { Artifact } from 'holdfast'

/** Seconds that the browser has to begin the download before its address ends. */
const ADDRESS_LIFE_MS = 30_000

/** Gives an artifact to the person as a file. */
export async function downloadArtifact(artifact: Artifact): Promise<void> {
  const url = URL.createObjectURL(await artifact.blob())
  const link = document.createElement('a')
  link.href = url
  // A slash in a name is data; the browser makes the last part of a path of it.
  link.download = artifact.name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), ADDRESS_LIFE_MS)
}
