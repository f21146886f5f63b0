/** What a listener throws is its own matter, and ends nothing here. */
export function heard(listener: () => void): void {
  try {
    listener()
  } catch (error) {
    reportError(error)
  }
}
