// nchan (nginx) as its documentation shows it: one worker, one channel, readers by `nchan_subscriber eventsource`, events by a
// kept-alive POST. The worker is measured, not this process, which only publishes.
//
// The time of an event is taken before its POST, when its content is ready.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findNginx } from '../installed.js'
import { paddingFor, plainData } from '../payload.js'
import { eventSizeBytes, listen, nowNs, serveControl, type Usage } from './control.js'

/** The id line, `data: `, the members' names and numbers, and the blank line. */
const OVERHEAD_BYTES = 72
const START_MS = 10_000
const READY_POLL_MS = 20

const found = findNginx()
if (found === null) throw new Error('nginx with the nchan module is not installed')
const nginx = found
const folder = mkdtempSync(join(tmpdir(), 'g6-bench-nchan-'))

function configuration(port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `load_module ${nginx.nchanModule};
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
worker_rlimit_nofile 30000;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 25000; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_requests 100000000;
  client_body_buffer_size 128k;
  nchan_shared_memory_size 256m;
  ${temporary.map(name => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /events { nchan_subscriber eventsource; nchan_channel_id bench; nchan_subscriber_first_message newest; }
    location = /publish { nchan_publisher; nchan_channel_id bench; nchan_message_buffer_length 100; nchan_message_timeout 10s; }
  }
}
`
}

/** A port that was free a moment ago: nginx cannot choose one itself. */
async function freePort(): Promise<number> {
  const probe = net.createServer()
  const port = await listen(probe)
  await new Promise(resolve => probe.close(resolve))
  return port
}

const port = await freePort()
const configFile = join(folder, 'nginx.conf')
writeFileSync(configFile, configuration(port))
const master = spawn(nginx.command, ['-p', folder, '-c', configFile, '-e', join(folder, 'error.log')], {
  stdio: ['ignore', 'inherit', 'inherit'],
})
master.once('error', error => {
  throw error
})
process.once('exit', () => {
  master.kill('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })

function post(body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path: '/publish', method: 'POST', agent }
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }
    const request = http.request({ ...options, headers }, response => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? 0))
    })
    request.once('error', reject)
    request.end(body)
  })
}

/** nchan answers a reader at once only when its channel exists, so the first event creates it. */
async function untilReady(): Promise<void> {
  const deadlineMs = performance.now() + START_MS
  for (;;) {
    const status = await post('{}').catch(() => 0) // not listening yet
    if (status >= 200 && status < 300) return
    if (master.exitCode !== null || performance.now() > deadlineMs) {
      throw new Error(`nginx did not start: ${readFileSync(join(folder, 'error.log'), 'utf8').slice(0, 500)}`)
    }
    await sleep(READY_POLL_MS)
  }
}

await untilReady()
const children = readFileSync(`/proc/${master.pid}/task/${master.pid}/children`, 'utf8')
const worker = Number(children.trim().split(' ')[0])

function usage(): Usage {
  // Nanoseconds on a processor; /proc/PID/stat counts in steps of 10 ms, more than a storm costs.
  const [onCpuNs = ''] = readFileSync(`/proc/${worker}/schedstat`, 'utf8').split(' ')
  const residentKb = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${worker}/status`, 'utf8'))?.[1]
  return { userUs: Number(onCpuNs) / 1000, systemUs: 0, rssBytes: Number(residentKb) * 1024 }
}

const padding = paddingFor(eventSizeBytes(), OVERHEAD_BYTES)

await serveControl({
  port,
  path: '/events',
  measured: { pid: worker, usage },
  async publish(seq) {
    const status = await post(plainData(seq, nowNs(), padding))
    if (status < 200 || status > 299) throw new Error(`nchan answered ${status}`)
  },
})
