// Who takes part: our hub and the bare loop always, the others where they are installed. One that is missing is reported as
// missing, never left out in silence.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Who is judged comes first. */
export const SERVERS = ['ours', 'bare', 'better-sse', 'nchan'] as const
export type ServerName = (typeof SERVERS)[number]

/** Subject and why it cannot be measured here. */
export type Missing = { readonly name: ServerName; readonly why: string }

export type Subjects = { readonly present: readonly ServerName[]; readonly missing: readonly Missing[] }

export type Nginx = { readonly command: string; readonly nchanModule: string; readonly version: string }

const NGINX_COMMANDS = ['nginx', '/usr/sbin/nginx'] as const
const NCHAN_FILE = 'ngx_nchan_module.so'
const NO_NCHAN = 'not installed (Debian: apt-get install nginx libnginx-mod-nchan)'

/** What `nginx -V` says, on standard error; null where there is no such command. */
function nginxSays(command: string): string | null {
  try {
    return execFileSync('sh', ['-c', '"$0" -V 2>&1', command], { encoding: 'utf8', timeout: 5_000 })
  } catch {
    return null // no such command here: the caller reports it as not installed
  }
}

/** Reads the folder of modules out of `nginx -V`. */
export function modulesPath(said: string): string | null {
  return /--modules-path=(\S+)/.exec(said)?.[1] ?? null
}

/** nginx with the nchan module, or null where either is missing. */
export function findNginx(): Nginx | null {
  for (const command of NGINX_COMMANDS) {
    const said = nginxSays(command)
    const folder = said === null ? null : modulesPath(said)
    if (said === null || folder === null || !existsSync(join(folder, NCHAN_FILE))) continue
    const version = /nginx\/(\S+)/.exec(said)?.[1] ?? 'unknown'
    return { command, nchanModule: join(folder, NCHAN_FILE), version }
  }
  return null
}

function hasBetterSse(): boolean {
  try {
    import.meta.resolve('better-sse')
    return true
  } catch {
    return false // a development dependency: an installed package comes without it
  }
}

/** The order of a round: each begins another one, so that nobody always comes first after whatever went before. */
export function inTurn(servers: readonly ServerName[], round: number): readonly ServerName[] {
  const first = servers.length === 0 ? 0 : (round - 1) % servers.length
  return [...servers.slice(first), ...servers.slice(0, first)]
}

export function findSubjects(asked: readonly ServerName[] = SERVERS): Subjects {
  const missing: Missing[] = []
  if (!hasBetterSse()) missing.push({ name: 'better-sse', why: 'not installed (npm install better-sse)' })
  if (findNginx() === null) missing.push({ name: 'nchan', why: NO_NCHAN })
  const absent = new Set(missing.map(({ name }) => name))
  return {
    present: asked.filter(name => !absent.has(name)),
    missing: missing.filter(({ name }) => asked.includes(name)),
  }
}
