import { signal } from '@preact/signals'

/** Whether the page can be opened without a network, and whether a newer version of it waits. */
export const offline = signal<{ readonly ready: boolean; readonly newer?: ServiceWorker }>({ ready: false })

/** Whether the browser says that there is a network. */
export const online = signal(navigator.onLine)

window.addEventListener('online', () => {
  online.value = true
})
window.addEventListener('offline', () => {
  online.value = false
})

/** Keeps the page's files for the time without a network. */
export async function keepPageOffline(): Promise<void> {
  // Vite's own server has no service worker: what one keeps would hide every change.
  if (import.meta.env.DEV || !('serviceWorker' in navigator)) return
  const registration = await navigator.serviceWorker.register('./sw.js')
  offerNewer(registration.waiting)
  registration.addEventListener('updatefound', () => {
    const { installing } = registration
    installing?.addEventListener('statechange', () => {
      if (installing.state === 'installed') offerNewer(registration.waiting)
    })
  })
  await navigator.serviceWorker.ready
  offline.value = { ...offline.value, ready: true }
}

export function takeNewer(newer: ServiceWorker): void {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
  newer.postMessage('take-over')
}

/** The first version has nothing before it that would have to be replaced. */
function offerNewer(waiting: ServiceWorker | null): void {
  if (waiting !== null && navigator.serviceWorker.controller !== null)
    offline.value = { ...offline.value, newer: waiting }
}
