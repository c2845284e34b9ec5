// One setting, three spellings: `G6_SSE_MAX_CONNECTIONS` in the environment, `sse_max_connections` in the file,
// `sseMaxConnections` in the code; worked out the same way by the compiler and at run time.

type WithoutPrefix<N extends string> = N extends `G6_${infer Rest}` ? Rest : N
type WithoutPlaceholder<N extends string> = N extends `${infer Base}_<NAME>` ? Base : N
type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : S

/** `G6_SSE_HTTP` → `sseHttp`; `G6_PANEL_W_<NAME>` → `panelW`. */
export type PropertyOf<N extends string> = Camel<Lowercase<WithoutPlaceholder<WithoutPrefix<N>>>>

/** Ends the name of a setting that stands for many: `G6_PANEL_W_<NAME>`. */
const PLACEHOLDER = '<NAME>'

export function propertyOf(name: string): string {
  return fileKeyOf(name.replace(`_${PLACEHOLDER}`, '')).replace(/_([a-z0-9])/g, (_, c: string) =>
    c.toUpperCase(),
  )
}

/** `G6_SSE_HTTP` → `sse_http`; `G6_PANEL_W_<NAME>` → `panel_w_<name>`. */
export const fileKeyOf = (name: string): string => name.replace(/^G6_/, '').toLowerCase()

/** What the names of a many-named setting begin with; null for all others. */
export const dynamicPrefixOf = (name: string): string | null =>
  name.endsWith(PLACEHOLDER) ? name.slice(0, -PLACEHOLDER.length) : null

/** The name under which a file holding the secret is given. */
export const secretFileNameOf = (name: string): string => `${name}_FILE`
