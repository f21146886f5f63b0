/** What is loaded when a timeline is first asked for something. */
export { queryTimeline } from './query-timeline.ts'
export { readCorrelation } from './read-events.ts'
export { readStatistics } from './statistics.ts'
