// The least that somebody would write for each proxy of Debian: an address, where to, and what to compress. What deploy/ has is
// tested in test/deploy; this is what a server meets where nobody read its documentation.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

export const PROXIES = ['nginx', 'caddy', 'haproxy', 'apache'] as const
export type ProxyName = (typeof PROXIES)[number]

export type Setup = {
  readonly folder: string
  /** Over TLS, with HTTP/2. */
  readonly port: number
  readonly plainPort: number
  readonly backend: string
  readonly compresses: boolean
  readonly cert: string
  readonly key: string
  /** Both in one file. */
  readonly pem: string
}

/** Command and arguments that run a proxy in the foreground. */
export type Command = readonly [command: string, ...args: string[]]

export function makeCertificate(folder: string): Pick<Setup, 'cert' | 'key' | 'pem'> {
  const [cert, key, pem] = ['cert.pem', 'key.pem', 'both.pem'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
  const named = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', ['req', '-x509', ...kind, ...named, '-keyout', key, '-out', cert], {
    stdio: 'pipe',
  })
  writeFileSync(pem, execFileSync('cat', [cert, key]))
  return { cert, key, pem }
}

const WRITERS: Readonly<
  Record<ProxyName, (setup: Setup) => { readonly text: string; readonly command: (path: string) => Command }>
> = {
  nginx: ({ folder, port, plainPort, backend, compresses, cert, key }) => ({
    text: `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr crit; events {}
http { access_log off;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${folder}/${name};`).join(' ')}
${compresses ? 'gzip on; gzip_types *; gzip_proxied any;' : ''}
server { listen 127.0.0.1:${plainPort}; listen 127.0.0.1:${port} ssl http2; ssl_certificate ${cert}; ssl_certificate_key ${key};
location / { proxy_pass http://${backend}; } } }\n`,
    command: path => ['nginx', '-p', folder, '-c', path],
  }),
  caddy: ({ port, plainPort, backend, compresses, cert, key }) => {
    const site = `bind 127.0.0.1\n\t${compresses ? 'encode gzip\n\t' : ''}reverse_proxy ${backend}`
    return {
      text: `{\n\tadmin off\n\tauto_https disable_redirects\n}
https://localhost:${port} {\n\ttls ${cert} ${key}\n\t${site}\n}\nhttp://localhost:${plainPort} {\n\t${site}\n}\n`,
      command: path => ['caddy', 'run', '--config', path, '--adapter', 'caddyfile'],
    }
  },
  haproxy: ({ port, plainPort, backend, compresses, pem }) => ({
    text: `defaults\n mode http\n timeout connect 5s\n timeout client 50s\n timeout server 50s\n
frontend f\n bind 127.0.0.1:${plainPort}\n bind 127.0.0.1:${port} ssl crt ${pem} alpn h2,http/1.1\n default_backend b
backend b\n${compresses ? ' compression algo gzip\n compression type text/event-stream text/html application/json\n' : ''} server s ${backend}\n`,
    command: path => ['haproxy', '-db', '-f', path],
  }),
  apache: ({ folder, port, plainPort, backend, compresses, cert, key }) => ({
    text: `ServerRoot /usr/lib/apache2\nServerName localhost\nPidFile ${folder}/apache.pid\nDefaultRuntimeDir ${folder}
ErrorLog ${folder}/apache.log\nLogLevel crit\n${[
      ...['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'ssl', 'http2', 'socache_shmcb'],
      ...['filter', 'deflate', 'setenvif'],
    ]
      .map(name => `LoadModule ${name}_module modules/mod_${name}.so`)
      .join('\n')}
Listen 127.0.0.1:${port}
Listen 127.0.0.1:${plainPort}
Protocols h2 http/1.1
SSLCertificateFile ${cert}\nSSLCertificateKeyFile ${key}
<VirtualHost 127.0.0.1:${port}>
SSLEngine on
</VirtualHost>
${compresses ? 'SetOutputFilter DEFLATE\n' : ''}ProxyPass / http://${backend}/\n`,
    command: path => ['apache2', '-D', 'FOREGROUND', '-f', path],
  }),
}

/** Writes the configuration; returns what runs it. */
export function defaultProxy(name: ProxyName, setup: Setup): Command {
  const { text, command } = WRITERS[name](setup)
  const path = join(setup.folder, `${name}.conf`)
  writeFileSync(path, text)
  return command(path)
}

export function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
