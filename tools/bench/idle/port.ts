// A Node with an open port and nothing else: what any server on it costs at least.
import { createServer } from 'node:net'

createServer().listen(0, '127.0.0.1', () => process.stdout.write('listening\n'))
process.stdin.resume()
process.stdin.once('end', () => process.exit(0))
