/**
 * What schema 2 adds to the first: tables that are new, and tables whose indexes changed, as a whole. Rows stay as they
 * are: what a newer row has more is an optional field, since an upgrade holds the whole database for as long as it
 * takes, and dies with its tab.
 */
export const SECOND = {
  quarantine: 'id, streamId',
  segments: '[streamId+lastSeq], [streamId+first+last], *refs, firstSeq, lastSeq',
  marks: '[streamId+hlc]',
} as const
