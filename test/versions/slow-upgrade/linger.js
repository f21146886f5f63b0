// Put before a worker's script: its upgrade goes on for ever, so that something can happen in the middle of it.
const { open } = IDBFactory.prototype

IDBFactory.prototype.open = function (...given) {
  const request = open.apply(this, given)
  request.addEventListener('upgradeneeded', () => {
    const store = request.transaction?.objectStore('meta')
    const goOn = () => {
      if (store !== undefined) store.count().onsuccess = goOn
    }
    goOn()
    new BroadcastChannel('upgrading').postMessage(null)
  })
  return request
}
