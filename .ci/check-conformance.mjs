// Runs g6-conformance against the built demo server; fails when a rule is broken.
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const built = name => fileURLToPath(new URL(`../dist/program/${name}.js`, import.meta.url))
const stdio = ['ignore', 'ignore', 'pipe']
const server = spawn(process.execPath, [built('g6'), 'demo', '--port', '0', '--no-rich'], { stdio })

let printed = ''
let url
for await (const piece of server.stderr) {
  printed += piece
  url = /http:\/\/[\w.[\]:-]+:\d+/.exec(printed)?.[0]
  if (url !== undefined) break
}
if (url === undefined) throw new Error(`the demo server did not start:\n${printed}`)
const { status } = spawnSync(process.execPath, [built('g6-conformance'), url], { stdio: 'inherit' })
server.kill()
process.exit(status ?? 1)
