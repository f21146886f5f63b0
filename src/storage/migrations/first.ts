/** The schema that the first build shipped with. Databases of it are on people's disks: nothing here changes any more. */
export const FIRST = {
  commits: '++seq, [streamId+hlc], [streamId+seq], *refs',
  segments: '[streamId+lastSeq], [streamId+first+last], *refs',
  snapshots: '[streamId+seq]',
  views: 'streamId',
  checkpoints: 'id, [streamId+hlc]',
  sessions: 'id, updatedAt, createdAt, parentId, createdBy, expiresAt, *keys',
  artifacts: 'id, [sessionId+name], [domain+hash], *keys',
  contents: '[domain+hash], *chunkKeys',
  chunks: '[domain+hash]',
  runs: 'id, sessionId, *keys, wakeAt',
  grants: '[artifactId+sessionId], sessionId',
  heads: 'id',
  outbox: '++seq',
  peers: 'id',
  secrets: 'key',
  meta: 'key',
} as const
