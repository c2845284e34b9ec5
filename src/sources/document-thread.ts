// The entry of the thread that reads large documents (large-documents.ts starts it).
import { parentPort } from 'node:worker_threads'
import { createLargeDocuments, type LargeCall, transferOf } from './large-document.js'

const read = createLargeDocuments()

parentPort?.on('message', (call: LargeCall) => {
  const answer = read(call)
  parentPort?.postMessage(answer, transferOf(answer))
})
