/** How Vite gives the address of a file. */
declare module '@automerge/automerge/automerge.wasm?url' {
  const address: string
  export default address
}
