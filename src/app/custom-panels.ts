// The panels of `--panels PATH`: a JavaScript module whose default export is a list of `{ key, build }`. Everything that comes from
// the module is parsed here, so that the rest of the program may trust it as it trusts its own panels.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { type CustomPanel, WrongShape } from '../engine/panel-builder.js'
import { PANEL_FILE_NAMES } from '../outputs/files/panel-files.js'
import { isPanelKey, PANEL_KEY_RULE } from '../panels/content.js'
import { TONES } from '../panels/panel.js'
import { PANELS } from '../panels/registry.js'
import { MESSAGE_WIDTH, shownText } from '../panels/text.js'

const MAX_PANELS = 50
const MAX_BLOCKS = 100
const MAX_COLUMNS = 50
const MAX_ROWS = 1_000

const TAKEN: ReadonlySet<string> = new Set([...PANELS.map(({ key }) => key), ...PANEL_FILE_NAMES])

const text = z.string().transform(value => shownText(value))
const line = z.string().transform(value => shownText(value, MESSAGE_WIDTH))
const tone = z.enum(TONES)
const cell = z.object({ text: line, value: z.number().exactOptional(), tone: tone.exactOptional() })
const column = z.object({
  label: text,
  align: z.enum(['left', 'right']).exactOptional(),
  priority: z.number().exactOptional(),
})
const block = z.lazy(() =>
  z.discriminatedUnion(
    'kind',
    [
      z.object({ kind: z.literal('text'), text: line, tone: tone.exactOptional() }),
      z.object({
        kind: z.literal('fields'),
        items: z.array(cell.extend({ label: text })).max(MAX_ROWS),
      }),
      z.object({
        kind: z.literal('table'),
        columns: z.array(column).max(MAX_COLUMNS),
        rows: z.array(z.array(cell).max(MAX_COLUMNS)).max(MAX_ROWS),
      }),
    ],
    'expected an object whose kind is "text", "fields" or "table"',
  ),
)
const content = z.lazy(() => z.object({ title: text, blocks: z.array(block).max(MAX_BLOCKS) }).nullable())

type Build = (given: Parameters<CustomPanel['build']>[0]) => unknown

const panel = z.object({
  key: z
    .string()
    .refine(isPanelKey, { message: `allowed: ${PANEL_KEY_RULE}`, abort: true })
    .refine(key => !TAKEN.has(key), 'the key is taken; allowed: one that is not in use'),
  build: z.custom<Build>(value => typeof value === 'function', 'allowed: a function of { status, nowMs }'),
})

const list = z.lazy(() =>
  z
    .array(panel, 'allowed: a list of { key, build }')
    .max(MAX_PANELS)
    .refine(
      panels => new Set(panels.map(({ key }) => key)).size === panels.length,
      'two panels have the same key',
    ),
)

/** Reads the module at `path` (relative to the working directory); none for null. Throws an Error that says what to change. */
export async function loadPanels(path: string | null): Promise<readonly CustomPanel[]> {
  if (path === null) return []
  const refused = (why: string): Error =>
    new Error(
      `--panels ${path} cannot be used: ${why}; allowed: a JavaScript module whose default export is a list of { key, build }`,
    )
  const file = resolve(path)
  const module = await import(pathToFileURL(file).href).then(
    (loaded: { readonly default?: unknown }) => loaded,
    (error: unknown) => {
      const message = String(error instanceof Error ? error.message : error)
      // Node adds which file asked for the module: one of this program, which means nothing to an operator.
      const [first = ''] = message.split(' imported from ')
      throw refused(first.includes(`${file}'`) ? first : message)
    },
  )
  const parsed = list.safeParse(module.default)
  if (!parsed.success) throw refused(parsed.error.issues.map(problemOf).join('; '))
  return parsed.data.map(({ key, build }) => ({ key, build: given => contentOf(build(given)) }))
}

/** Where something is wrong and what is expected there; never the value. */
function problemOf({ path, message }: z.core.$ZodIssue): string {
  return [path.join('.'), message].filter(part => part !== '').join(': ')
}

/** Throws WrongShape, which names the first mistake. */
function contentOf(given: unknown): z.infer<typeof content> {
  const parsed = content.safeParse(given)
  if (parsed.success) return parsed.data
  const [first, ...others] = parsed.error.issues
  const more = others.length === 0 ? '' : `, and ${others.length} more`
  throw new WrongShape(`${first === undefined ? 'not valid' : problemOf(first)}${more}`)
}
