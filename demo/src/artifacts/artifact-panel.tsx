import { type Artifact, isPermitted, type SessionRecord } from 'holdfast'
import { useState } from 'preact/hooks'
import type { DemoSession } from '../app/holdfast.ts'
import { attempt } from '../app/notices.ts'
import { Field } from '../ui/field.tsx'
import { formatBytes, formatTime } from '../ui/format.ts'
import { Tags } from '../ui/tags.tsx'
import { Time } from '../ui/time.tsx'
import { downloadArtifact } from './download.ts'
import { Preview } from './preview.tsx'
import { useVersions } from './use-versions.ts'

interface Props {
  readonly session: DemoSession
  readonly info: SessionRecord
  readonly name: string
}

/** One artifact: its facts, its versions, and what is in it. */
export function ArtifactPanel({ session, info, name }: Props) {
  const versions = useVersions(session, name)
  const [wanted, setWanted] = useState<string | null>(null)
  const artifact = versions?.find(({ id }) => id === wanted) ?? versions?.[0]
  if (versions === null) return <div class="panel" aria-busy="true" />
  if (artifact === undefined) return <p class="panel empty">No version of {name} is left.</p>

  return (
    <section class="panel stack" aria-label={`Artifact ${name}`}>
      <div class="row spread">
        <h2>{name}</h2>
        <div class="row">
          <button
            type="button"
            class="button small"
            onClick={() => attempt(() => downloadArtifact(artifact))}
          >
            Download
          </button>
          <button
            type="button"
            class="button small danger"
            disabled={!isPermitted(info.status, 'artifact.delete')}
            onClick={() =>
              attempt(
                () => session.artifacts.delete(artifact),
                `Deleted version ${artifact.version} of ${name}.`,
              )
            }
          >
            Delete version
          </button>
        </div>
      </div>
      {versions.length > 1 && (
        <Field label="Version">
          {(id) => (
            <select
              id={id}
              class="input"
              value={artifact.id}
              onChange={({ currentTarget }) => setWanted(currentTarget.value)}
            >
              {versions.map((version) => (
                <option key={version.id} value={version.id}>
                  {version.version}, {formatTime(version.createdAt)}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      <Facts artifact={artifact} />
      <Preview key={artifact.id} artifact={artifact} />
    </section>
  )
}

function Facts({ artifact }: { readonly artifact: Artifact }) {
  return (
    <dl class="facts">
      <dt>Version</dt>
      <dd>{artifact.version}</dd>
      <dt>Size</dt>
      <dd>{formatBytes(artifact.sizeBytes)}</dd>
      <dt>Type</dt>
      <dd>{artifact.mime}</dd>
      <dt>Kind</dt>
      <dd>{artifact.kind.replace('_', ' ')}</dd>
      <dt>Stored</dt>
      <dd>
        <Time at={artifact.createdAt} />
        {artifact.author && ` by ${artifact.author.name ?? artifact.author.id}`}
      </dd>
      {artifact.tags.length > 0 && (
        <>
          <dt>Tags</dt>
          <dd class="row">
            <Tags tags={artifact.tags} />
          </dd>
        </>
      )}
      <dt>Content</dt>
      <dd class="mono">{artifact.contentId}</dd>
    </dl>
  )
}
