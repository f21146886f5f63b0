/** What stands beside the list while no session is chosen. */
export function Welcome() {
  return (
    <div class="empty stack">
      <h2>Sessions, kept in this browser</h2>
      <p>
        Start a session, import a transcript of an agent, or take the sample. Everything is stored on this
        device, survives a crash, and opens without a network.
      </p>
    </div>
  )
}
