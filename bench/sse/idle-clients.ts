// Readers that take everything and look at nothing: `node idle-clients.js URL N`. Prints a line when all are connected; ends
// with its standard input.
import http from 'node:http'

const [url = '', count = '0'] = process.argv.slice(2)
let connected = 0

for (let i = 0; i < Number(count); i++) {
  const request = http.get(url, { headers: { Accept: 'text/event-stream' } }, response => {
    response.resume()
    response.on('end', () => process.exit(0))
    connected++
    if (connected === Number(count)) process.stdout.write('connected\n')
  })
  request.on('error', () => process.exit(1))
}
process.stdin.on('end', () => process.exit(0)).resume()
