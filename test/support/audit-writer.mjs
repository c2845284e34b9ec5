// A process that writes the audit trail as fast as it gets acknowledgements, and prints after each batch how many records are
// safe. Tests kill it. Arguments: database, records a batch, bytes of padding in each record, batches (0: endless).
import { createWriter } from '../../dist/src/chat/audit/writer.js'

const [path, perBatch, padding, batches] = process.argv.slice(2)
const writer = createWriter({ path, key: null, asServer: true })
const opened = await writer.open()
const safe = { records: opened.crashed }
const draft = n => ({
  atMs: Date.now(),
  operation: 'stream.start',
  streamId: `${process.pid}-${n}`,
  subject: [{ kind: 'stream', text: `${process.pid}-${n}` }],
  secrets: { query: 'SECRET-QUESTION' },
  kept: [],
  details: { upstream: 'x'.repeat(Number(padding)) },
})
for (let n = 0, batch = 0; Number(batches) === 0 || batch < Number(batches); batch++) {
  const drafts = Array.from({ length: Number(perBatch) }, () => draft(n++))
  try {
    await writer.append(drafts)
  } catch (error) {
    process.stdout.write(`fault ${error.code}\n`)
    break
  }
  safe.records += drafts.length
  process.stdout.write(`safe ${safe.records}\n`)
}
await writer.close()
