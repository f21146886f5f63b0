import { cleanupOutdatedCaches, type PrecacheEntry, precacheAndRoute } from 'workbox-precaching'

declare const self: ServiceWorkerGlobalScope
/** Every file of the page, put in by the build. */
declare const PRECACHE: PrecacheEntry[]

precacheAndRoute(PRECACHE)
cleanupOutdatedCaches()

// The first load is enough: the page that installs this worker is served by it from then on.
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

// A newer version waits until the person agrees: a page must not lose the files of its own version while it runs.
self.addEventListener('message', (event) => {
  if (event.data === 'take-over') void self.skipWaiting()
})
