// The proxies of Debian with the configurations as they ship, in front of a test port. Only addresses, ports, the certificate
// and folders are replaced; every other line is the shipped one.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../../support/chat-rig.js'
import { freePort } from '../../support/free-port.js'

export const SITE = 'status.example.org'
const GIVE_UP_MS = 30_000

const shipped = (path: string): string =>
  readFileSync(new URL(`../../../deploy/${path}`, import.meta.url), 'utf8')

/** Replaces `from` by `to`; fails when `from` is missing. */
export function put(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`the configuration no longer has: ${from}`)
  return text.replaceAll(from, to)
}

export type Certificate = { readonly cert: string; readonly key: string; readonly text: string }

/** Self-signed, for a made-up name, valid for a day. */
export function makeCertificate(folder: string): Certificate {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const named = ['-subj', `/CN=${SITE}`, '-addext', `subjectAltName=DNS:${SITE}`]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
  execFileSync('openssl', ['req', '-x509', ...kind, ...named, '-keyout', key, '-out', cert], {
    stdio: 'pipe',
  })
  return { cert, key, text: readFileSync(cert, 'utf8') }
}

export type RunningProxy = {
  /** The site, by its port on 127.0.0.1. */
  readonly port: number
  /** The port for plain HTTP. */
  readonly plainPort: number
  readonly certificate: Certificate
  close(): Promise<void>
}

async function run(
  command: string,
  args: readonly string[],
  folder: string,
  rest: Omit<RunningProxy, 'close'>,
): Promise<RunningProxy> {
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  const child: ChildProcess = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  let over = false
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => {
      over = true
      resolve()
    })
  })
  const listens = (): Promise<boolean> =>
    new Promise((resolve, reject) => {
      if (over) return reject(new Error(`${command} ended: ${said}`))
      const socket = connect(rest.port, '127.0.0.1')
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
  const close = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await Promise.race([until(listens, `${command} listens`, GIVE_UP_MS), ended.then(listens)])
  } catch (error) {
    if (!over && child.pid !== undefined) await close()
    throw error
  }
  return { ...rest, close }
}

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'g6-proxy-'))

/** A site around it that compresses everything it can, and waits 4 s instead of 60. */
export async function startNginx(backendPort: number): Promise<RunningProxy> {
  const folder = newFolder()
  const [port, plainPort, certificate] = [await freePort(), await freePort(), makeCertificate(folder)]
  const site = [
    ['127.0.0.1:9329', `127.0.0.1:${backendPort}`],
    ['listen 80;', `listen 127.0.0.1:${plainPort};`],
    ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    ['/etc/ssl/certs/status.example.org.pem', certificate.cert],
    ['/etc/ssl/private/status.example.org.key', certificate.key],
    ['proxy_read_timeout 60s;', 'proxy_read_timeout 4s;'],
  ].reduce((text, [from = '', to = '']) => put(text, from, to), shipped('nginx/g6-stream.conf'))
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `${name}_temp_path ${folder}/${name};`,
  )
  const conf = `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr warn;
events { worker_connections 128; }
http { access_log off; gzip on; gzip_types *; gzip_min_length 0; gzip_proxied any; ${temp.join(' ')}
${site} }`
  writeFileSync(join(folder, 'nginx.conf'), conf)
  const args = ['-p', folder, '-c', join(folder, 'nginx.conf')]
  return run('nginx', args, folder, { port, plainPort, certificate })
}

export async function startCaddy(backendPort: number): Promise<RunningProxy> {
  const folder = newFolder()
  const [port, plainPort, certificate] = [await freePort(), await freePort(), makeCertificate(folder)]
  const site = [
    ['127.0.0.1:9329', `127.0.0.1:${backendPort}`],
    [`${SITE} {\n`, `${SITE} {\n\tbind 127.0.0.1\n\ttls ${certificate.cert} ${certificate.key}\n`],
  ].reduce((text, [from = '', to = '']) => put(text, from, to), shipped('caddy/Caddyfile'))
  const options = `{\n\tadmin off\n\thttp_port ${plainPort}\n\thttps_port ${port}\n}\n`
  const path = join(folder, 'Caddyfile')
  writeFileSync(path, options + site)
  return run('caddy', ['run', '--config', path, '--adapter', 'caddyfile'], folder, {
    port,
    plainPort,
    certificate,
  })
}
