import { isPermitted, type SessionRecord } from 'holdfast'
import type { DemoSession } from '../app/holdfast.ts'
import { DropZone } from '../ui/drop-zone.tsx'
import { useStore } from '../ui/use-store.ts'
import { ArtifactFilters } from './artifact-filters.tsx'
import { ArtifactPanel } from './artifact-panel.tsx'
import { ArtifactRow } from './artifact-row.tsx'
import { createArtifactsStore } from './artifacts-store.ts'
import { storeFiles } from './store-files.ts'

interface Props {
  readonly session: DemoSession
  readonly info: SessionRecord
}

/** Files of the session: what was put in, and what its steps made. */
export function ArtifactsTab({ session, info }: Props) {
  const store = useStore(createArtifactsStore, session)
  const items = store.items.value
  const chosen = store.chosen.value
  return (
    <div class="columns">
      <div class="stack">
        <DropZone
          label="Add files"
          hint={
            isPermitted(info.status, 'artifact.store')
              ? 'or drop them here'
              : `A session that is ${info.status} takes none.`
          }
          multiple
          disabled={!isPermitted(info.status, 'artifact.store')}
          onFiles={(files) => storeFiles(session, files)}
        />
        <ArtifactFilters store={store} />
        {items !== null && items.length > 0 && (
          <ul class="list" aria-label="Artifacts">
            {items.map((artifact) => (
              <ArtifactRow
                key={artifact.id}
                artifact={artifact}
                chosen={artifact.name === chosen}
                onChoose={() => {
                  store.chosen.value = artifact.name
                }}
              />
            ))}
          </ul>
        )}
        {items?.length === 0 && <p class="empty">No artifact fits.</p>}
        {items !== null && items.length < store.total.value && (
          <button type="button" class="button" onClick={store.more}>
            Show more
          </button>
        )}
      </div>
      {chosen !== null && <ArtifactPanel key={chosen} session={session} info={info} name={chosen} />}
    </div>
  )
}
