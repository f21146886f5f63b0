import { useEffect, useMemo } from 'preact/hooks'

/** A store that lives as long as the component that shows it, and is made anew for another subject. */
export function useStore<Subject, Store extends { dispose(): void }>(
  create: (subject: Subject) => Store,
  subject: Subject,
): Store {
  const store = useMemo(() => create(subject), [create, subject])
  useEffect(() => () => store.dispose(), [store])
  return store
}
