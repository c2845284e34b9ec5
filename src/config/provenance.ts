// Where a value came from, as data and in words.
import type { Config } from './settings.js'

export type Origin =
  | { readonly from: 'default' }
  /** `name` as found: the setting's own name or an alias. */
  | { readonly from: 'env'; readonly name: string }
  | { readonly from: 'file'; readonly path: string; readonly key: string }
  | { readonly from: 'flag'; readonly flag: string }
  /** The content of a file; `named` says who named it. */
  | { readonly from: 'secret-file'; readonly path: string; readonly named: NamedBy }

/** What can name a secret's file, or hold a value. */
export type NamedBy = Exclude<Origin, { readonly from: 'default' | 'secret-file' }>

/** For each value of a `Config`, where it came from. `from !== 'default'` means: somebody set it. */
export type Provenance = { readonly [K in keyof Config]: Origin }

/** `G6_SSE_MAX_CLIENTS`, `sse_max_connections in g6.toml`, `--port`: what a person would look for. */
export function spotOf(origin: NamedBy): string {
  if (origin.from === 'env') return origin.name
  return origin.from === 'flag' ? origin.flag : `${origin.key} in ${origin.path}`
}

/** One short phrase for `g6 config`. */
export function originText(origin: Origin): string {
  switch (origin.from) {
    case 'default':
      return 'default'
    case 'env':
      return `env ${origin.name}`
    case 'file':
      return `file ${origin.path}`
    case 'flag':
      return `flag ${origin.flag}`
    case 'secret-file':
      return `secret file ${origin.path} (${spotOf(origin.named)})`
  }
}
