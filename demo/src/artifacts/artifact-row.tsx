import type { Artifact } from 'holdfast'
import { formatBytes } from '../ui/format.ts'
import { Tags } from '../ui/tags.tsx'

interface Props {
  readonly artifact: Artifact
  readonly chosen: boolean
  readonly onChoose: () => void
}

export function ArtifactRow({ artifact, chosen, onChoose }: Props) {
  return (
    <li>
      <button type="button" class="row-link" aria-current={chosen ? 'true' : undefined} onClick={onChoose}>
        <strong>{artifact.name}</strong>
        <span class="row muted small">
          <span>{formatBytes(artifact.sizeBytes)}</span>
          <span>{artifact.kind.replace('_', ' ')}</span>
          {artifact.version > 1 && <span>version {artifact.version}</span>}
          <Tags tags={artifact.tags} />
        </span>
      </button>
    </li>
  )
}
