// The proxies of Debian with the configurations as they ship, in front of a test port. Only addresses, ports, the certificate
// and folders are replaced; every other line is the shipped one.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type http from 'node:http'
import https from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../../support/chat-rig.js'
import { freePort } from '../../support/free-port.js'
import type { Get } from '../../support/summary-client.js'

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
  { port, plainPort, certificate }: Omit<RunningProxy, 'close'>,
): Promise<RunningProxy> {
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  const child: ChildProcess = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] })
  let printed = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    printed += text
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
      if (over) return reject(new Error(`${command} ended: ${printed}`))
      const socket = connect(port, '127.0.0.1')
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
  return { port, plainPort, certificate, close }
}

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'g6-proxy-'))

/** Where the server is: a port of 127.0.0.1, or the path of a unix socket. */
export type Backend = number | string

/** `under /g6/`: the snippet for a sub-path, in a site that has nothing else. */
export type Variant = 'whole site' | 'under /g6/'

type Setup = {
  readonly folder: string
  readonly port: number
  readonly plainPort: number
  readonly certificate: Certificate
}

async function setup(): Promise<Setup> {
  const folder = newFolder()
  return { folder, port: await freePort(), plainPort: await freePort(), certificate: makeCertificate(folder) }
}

const replaced = (text: string, pairs: readonly (readonly [from: string, to: string])[]): string =>
  pairs.reduce((all, [from, to]) => put(all, from, to), text)

/** A site around it that compresses everything it can, and waits 4 s instead of 60. */
export async function startNginx(
  backend: Backend,
  variant: Variant = 'whole site',
  upstream?: string,
): Promise<RunningProxy> {
  const made = await setup()
  const { folder, port, plainPort, certificate } = made
  const to = typeof backend === 'number' ? `127.0.0.1:${backend}` : `unix:${backend}`
  const whole = replaced(shipped('nginx/g6-stream.conf'), [
    ['127.0.0.1:9329', to],
    ['listen 80;', `listen 127.0.0.1:${plainPort};`],
    ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    ['/etc/ssl/certs/status.example.org.pem', certificate.cert],
    ['/etc/ssl/private/status.example.org.key', certificate.key],
    ['proxy_read_timeout 60s;', 'proxy_read_timeout 4s;'],
  ])
  const site = upstream === undefined ? whole : whole.replace(/^upstream [^}]*\}$/m, upstream)
  const subPath = replaced(shipped('nginx/sub-path.conf'), [
    ['127.0.0.1:9329/', typeof backend === 'number' ? `${to}/` : `${to}:/`],
    ['proxy_read_timeout 60s;', 'proxy_read_timeout 4s;'],
  ])
  const around = `server { listen 127.0.0.1:${port} ssl http2; server_name ${SITE};
ssl_certificate ${certificate.cert}; ssl_certificate_key ${certificate.key};\n${subPath} }`
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `${name}_temp_path ${folder}/${name};`,
  )
  const conf = `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr warn;
events { worker_connections 128; }
http { access_log off; gzip on; gzip_types *; gzip_min_length 0; gzip_proxied any; ${temp.join(' ')}
${variant === 'whole site' ? site : around} }`
  writeFileSync(join(folder, 'nginx.conf'), conf)
  return run('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], folder, made)
}

/** As `startNginx`, in front of the two servers of a fleet. */
export function startNginxFleet(ports: readonly [number, number]): Promise<RunningProxy> {
  const upstream = replaced(shipped('nginx/fleet.conf'), [
    ['127.0.0.1:9331', `127.0.0.1:${ports[0]}`],
    ['127.0.0.1:9332', `127.0.0.1:${ports[1]}`],
  ])
  return startNginx(ports[0], 'whole site', upstream)
}

/** As `startHaproxy`, in front of the two servers of a fleet. */
export function startHaproxyFleet(ports: readonly [number, number]): Promise<RunningProxy> {
  const backend = replaced(shipped('haproxy/fleet.cfg'), [
    ['127.0.0.1:9331', `127.0.0.1:${ports[0]}`],
    ['127.0.0.1:9332', `127.0.0.1:${ports[1]}`],
  ])
  return startHaproxy(ports[0], 'whole site', backend)
}

/** The site compresses what it can. */
export async function startCaddy(backend: Backend, variant: Variant = 'whole site'): Promise<RunningProxy> {
  const made = await setup()
  const { folder, port, plainPort, certificate } = made
  const to = typeof backend === 'number' ? `127.0.0.1:${backend}` : `unix/${backend}`
  const begin = `${SITE} {\n\tbind 127.0.0.1\n\ttls ${certificate.cert} ${certificate.key}\n\tencode gzip\n`
  const site =
    variant === 'whole site'
      ? put(shipped('caddy/Caddyfile'), `${SITE} {\n`, begin)
      : `${begin}${shipped('caddy/sub-path.caddy')}\n}\n`
  const options = `{\n\tadmin off\n\thttp_port ${plainPort}\n\thttps_port ${port}\n}\n`
  const path = join(folder, 'Caddyfile')
  writeFileSync(path, options + put(site, '127.0.0.1:9329', to))
  return run('caddy', ['run', '--config', path, '--adapter', 'caddyfile'], folder, made)
}

/** Waits 4 s instead of 60. */
export async function startHaproxy(
  backend: Backend,
  variant: Variant = 'whole site',
  servers?: string,
): Promise<RunningProxy> {
  const made = await setup()
  const { folder, port, plainPort, certificate } = made
  const to = typeof backend === 'number' ? `127.0.0.1:${backend}` : `unix@${backend}`
  const both = join(folder, 'both.pem')
  writeFileSync(both, certificate.text + readFileSync(certificate.key, 'utf8'))
  const whole = replaced(shipped('haproxy/haproxy.cfg'), [
    ['127.0.0.1:9329', to],
    ['bind :80', `bind 127.0.0.1:${plainPort}`],
    ['bind :443', `bind 127.0.0.1:${port}`],
    ['/etc/haproxy/status.example.org.pem', both],
    ['timeout client 60s', 'timeout client 4s'],
    ['timeout server 60s', 'timeout server 4s'],
  ])
  const site = servers === undefined ? whole : whole.slice(0, whole.indexOf('\nbackend g6\n') + 1) + servers
  const subPath = replaced(shipped('haproxy/sub-path.cfg'), [
    ['127.0.0.1:9329', to],
    ['timeout server 60s', 'timeout server 4s'],
  ])
  // The lines for the frontend are in the comment at the top.
  const lines = [...subPath.matchAll(/^# {5}(.*)$/gm)].map(([, line]) => `    ${line}\n`).join('')
  const around = `defaults\n    mode http\n    timeout client 4s\n    timeout http-request 10s
frontend web\n    bind 127.0.0.1:${port} ssl crt ${both} alpn h2,http/1.1\n${lines}`
  const path = join(folder, 'haproxy.cfg')
  writeFileSync(path, variant === 'whole site' ? site : `${around}${subPath}`)
  return run('haproxy', ['-db', '-f', path], folder, made)
}

const APACHE_MODULES = [
  ...['mpm_event', 'authz_core', 'authz_host', 'alias', 'env', 'setenvif', 'filter', 'deflate'],
  ...['headers', 'proxy', 'proxy_http', 'socache_shmcb', 'ssl', 'http2'],
]

/** A server around it that compresses everything it can, and waits 4 s instead of 60. */
export async function startApache(backend: Backend, variant: Variant = 'whole site'): Promise<RunningProxy> {
  const made = await setup()
  const { folder, port, plainPort, certificate } = made
  const to =
    typeof backend === 'number' ? `http://127.0.0.1:${backend}/` : `unix:${backend}|http://localhost/`
  const shared: readonly (readonly [string, string])[] = [
    ['http://127.0.0.1:9329/', to],
    ['timeout=60', 'timeout=4'],
  ]
  const tls: readonly (readonly [string, string])[] = [
    ['/etc/ssl/certs/status.example.org.pem', certificate.cert],
    ['/etc/ssl/private/status.example.org.key', certificate.key],
  ]
  const site = replaced(shipped('apache/g6-stream.conf'), [
    ...shared,
    ...tls,
    ['*:80', `127.0.0.1:${plainPort}`],
    ['*:443', `127.0.0.1:${port}`],
  ])
  const around = `<VirtualHost 127.0.0.1:${port}>\nServerName ${SITE}\nProtocols h2 http/1.1\nSSLEngine on
SSLCertificateFile ${certificate.cert}\nSSLCertificateKeyFile ${certificate.key}
${replaced(shipped('apache/sub-path.conf'), shared)}\n</VirtualHost>\n`
  const conf = `ServerRoot /usr/lib/apache2\nServerName localhost\nPidFile ${folder}/pid
DefaultRuntimeDir ${folder}\nErrorLog ${folder}/errors.log\nLogLevel crit
${APACHE_MODULES.map(name => `LoadModule ${name}_module modules/mod_${name}.so`).join('\n')}
User daemon\nGroup daemon\nListen 127.0.0.1:${port}\nListen 127.0.0.1:${plainPort}\nSetOutputFilter DEFLATE
${variant === 'whole site' ? site : around}`
  const path = join(folder, 'apache.conf')
  writeFileSync(path, conf)
  return run('apache2', ['-D', 'FOREGROUND', '-f', path], folder, made)
}

export const PROXIES = [
  ['nginx', startNginx],
  ['Caddy', startCaddy],
  ['HAProxy', startHaproxy],
  ['Apache', startApache],
] as const

export const tlsOptions = ({ port, certificate }: RunningProxy, localAddress = '127.0.0.1') => ({
  port,
  host: '127.0.0.1',
  servername: SITE,
  ca: certificate.text,
  localAddress,
  agent: false as const,
})

/** Requests to the site, from an address of this machine. */
export const through =
  (proxy: RunningProxy, localAddress?: string): Get =>
  (path, headers, onResponse) =>
    https.get({ ...tlsOptions(proxy, localAddress), path, headers: { Host: SITE, ...headers } }, onResponse)

export type Answer = {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
}

export function ask(get: Get, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get(path, headers, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
      response.on('error', reject)
    })
    request.on('error', reject)
  })
}
