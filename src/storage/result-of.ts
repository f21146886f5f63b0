/**
 * A request's result as a promise. By its handlers: four calls that add and remove listeners take longer than the rest of
 * a read does in JavaScript.
 */
export function resultOf<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
