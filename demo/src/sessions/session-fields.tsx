import type { SessionRecord } from 'holdfast'
import { Field } from '../ui/field.tsx'
import { parseTags } from '../ui/tags.tsx'

type Described = Pick<SessionRecord, 'name' | 'description' | 'tags'>

/** What a person says about a session. */
export function SessionFields({ initial }: { readonly initial?: Described }) {
  return (
    <>
      <Field label="Name">
        {(id) => (
          <input
            id={id}
            class="input"
            name="name"
            required
            autocomplete="off"
            defaultValue={initial?.name ?? ''}
          />
        )}
      </Field>
      <Field label="Description (optional)">
        {(id) => (
          <input
            id={id}
            class="input"
            name="description"
            autocomplete="off"
            defaultValue={initial?.description ?? ''}
          />
        )}
      </Field>
      <Field label="Tags, with commas between them (optional)">
        {(id) => (
          <input
            id={id}
            class="input"
            name="tags"
            autocomplete="off"
            defaultValue={initial?.tags.join(', ') ?? ''}
          />
        )}
      </Field>
    </>
  )
}

export function readSessionFields(data: FormData): Described {
  const textOf = (name: string) => String(data.get(name) ?? '').trim()
  return { name: textOf('name'), description: textOf('description'), tags: parseTags(textOf('tags')) }
}
