/** Before all other record-hooks: collected is what the step gave, as it gave it. */
export const COLLECTOR_PRIORITY = -1_000
