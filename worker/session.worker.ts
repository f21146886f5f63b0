import { serveHoldfast } from './serve.ts'

serveHoldfast()
