// The servers of a run: our hub and the bare loop always, the others where they are installed. The report names a missing one.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The judged one comes first. */
export const SERVERS = ['ours', 'bare', 'better-sse', 'nchan'] as const
/** Measured only when `--servers` names them. */
export const MORE_SERVERS = ['library', 'graphql-sse'] as const
export type ServerName = (typeof SERVERS | typeof MORE_SERVERS)[number]

/** A server and why it cannot be measured here. */
export type Missing = { readonly name: ServerName; readonly why: string }

export type Subjects = {
  readonly present: readonly ServerName[]
  readonly missing: readonly Missing[]
  /** Of the other servers. */
  readonly versions: Readonly<Record<string, string>>
}

export type Nginx = { readonly command: string; readonly nchanModule: string; readonly version: string }

const NGINX_COMMANDS = ['nginx', '/usr/sbin/nginx'] as const
const NCHAN_FILE = 'ngx_nchan_module.so'
const NO_NCHAN = 'not installed (Debian: apt-get install nginx libnginx-mod-nchan)'

/** The output of `nginx -V`, which goes to standard error; null where there is no such command. */
function nginxSays(command: string): string | null {
  try {
    return execFileSync('sh', ['-c', '"$0" -V 2>&1', command], { encoding: 'utf8', timeout: 5_000 })
  } catch {
    return null // no such command here: the caller reports it as not installed
  }
}

/** Reads the folder of modules out of `nginx -V`. */
export function modulesPath(printed: string): string | null {
  return /--modules-path=(\S+)/.exec(printed)?.[1] ?? null
}

/** nginx with the nchan module, or null where either is missing. */
export function findNginx(): Nginx | null {
  for (const command of NGINX_COMMANDS) {
    const printed = nginxSays(command)
    const folder = printed === null ? null : modulesPath(printed)
    if (printed === null || folder === null || !existsSync(join(folder, NCHAN_FILE))) continue
    const version = /nginx\/(\S+)/.exec(printed)?.[1] ?? 'unknown'
    return { command, nchanModule: join(folder, NCHAN_FILE), version }
  }
  return null
}

/** Null where it is not installed: it is a development dependency, and an installed package comes without it. */
function packageVersion(name: string): string | null {
  let url: URL
  try {
    url = new URL(import.meta.resolve(name))
  } catch {
    return null
  }
  // Its package file is not exported; it is above the folder of its build.
  const packageFile = new URL('../package.json', url)
  const manifest: unknown = existsSync(packageFile) ? JSON.parse(readFileSync(packageFile, 'utf8')) : null
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown'
}

export function findSubjects(asked: readonly ServerName[] = SERVERS): Subjects {
  const npm = (name: 'better-sse' | 'graphql-sse') =>
    ({
      name,
      title: name,
      version: packageVersion(name),
      why: `not installed (npm install ${name})`,
    }) as const
  const nginx = {
    name: 'nchan',
    title: 'nchan in nginx',
    version: findNginx()?.version ?? null,
    why: NO_NCHAN,
  } as const
  const others = [npm('better-sse'), npm('graphql-sse'), nginx].filter(({ name }) => asked.includes(name))
  const missing = others.filter(({ version }) => version === null).map(({ name, why }) => ({ name, why }))
  return {
    present: asked.filter(asking => missing.every(({ name }) => name !== asking)),
    missing,
    versions: Object.fromEntries(
      others.flatMap(({ title, version }) => (version === null ? [] : [[title, version]])),
    ),
  }
}
