/** A channel whose other end is the test. */
export function watchedChannel() {
  const posted: unknown[] = []
  let listener = (_message: unknown) => {}
  return {
    posted,
    hear: (message: unknown) => listener(message),
    openChannel: () => ({
      post: (message: unknown) => posted.push(message),
      listen: (given: (message: unknown) => void) => {
        listener = given
        return () => {}
      },
      close: () => {},
    }),
  }
}
