// The shape of a board file. What the parts of a panel mean is in compile.ts. Lazy: without a board file it is never made.
import { z } from 'zod'

const MAX_PANELS = 50
const MAX_RULES = 100
const MAX_FIELDS = 100
const MAX_COLUMNS = 50
const MAX_WORDS = 1_000
const MAX_NAMES = 500
/** Columns of the page. */
export const MAX_SPAN = 4
export const MAX_ROWS = 10_000

const TEXT = 'allowed: a text'
const text = z.string(TEXT)
const filled = text.trim().min(1, 'allowed: a text that is not empty')
const expression = filled.meta({ description: 'A JMESPath expression.' })
const threshold = filled.meta({
  description: 'As in "> 10s", "< 5", "= 0", "!= ok".',
  examples: ['> 10s', '< 5', '= 0'],
})
const wordList = z.array(filled, 'allowed: a list of words').max(MAX_WORDS)
const toneWords = z
  .strictObject(
    {
      ok: wordList.exactOptional(),
      info: wordList.exactOptional(),
      warn: wordList.exactOptional(),
      error: wordList.exactOptional(),
      muted: wordList.exactOptional(),
    },
    'allowed: lists of words by tone, as in { ok = ["supported"], warn = ["unsupported"] }',
  )
  .meta({ description: 'Words by tone.' })

export const SHOWN = ['always', 'bad'] as const

const item = z.lazy(() =>
  z.strictObject(
    {
      label: filled.exactOptional().meta({ description: 'Its name; default: the last name of `from`.' }),
      from: expression.meta({
        description: 'Its value: a JMESPath expression; `@key` is the key of a row of a map.',
      }),
      unit: filled.exactOptional().meta({
        description: 'The unit of its numbers, such as s, ms, B, MB, %, /s; `time` for moments.',
      }),
      warn: threshold.exactOptional(),
      error: threshold.exactOptional(),
      tones: toneWords.exactOptional(),
      show: z
        .enum(SHOWN, `allowed: ${SHOWN.join(', ')}`)
        .exactOptional()
        .meta({
          description: '`bad`: only where it is warn or error; default `always`.',
        }),
      priority: z.number('allowed: a number').min(0).max(100).exactOptional().meta({
        description: 'On a narrow screen the lowest are left out first; default 100.',
      }),
      history: z
        .boolean('allowed: true or false')
        .exactOptional()
        .meta({ description: 'Whether its trend is drawn.' }),
    },
    'allowed: a table { label, from, … }',
  ),
)

const join = z.lazy(() =>
  z
    .strictObject(
      {
        rows: expression.meta({ description: 'The other list or map.' }),
        on: filled.meta({
          description: 'Two expressions: of the row, and of the other row, as in "metadata.name = pod".',
        }),
        as: z
          .string(TEXT)
          .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'allowed: a name of letters, digits and "_"')
          .meta({ description: 'The member that gets the other row.' }),
      },
      'allowed: { rows, on, as }',
    )
    .meta({ description: 'Gives each row the first row of another list that belongs to it.' }),
)

const panel = z.lazy(() =>
  z
    .strictObject(
      {
        title: filled,
        key: filled.exactOptional().meta({
          description:
            'Its key in addresses and ids; default: from the title. `alerts` takes the place of the alerts.',
        }),
        fields: z.array(item, 'allowed: a list of { label, from, … }').min(1).max(MAX_FIELDS).exactOptional(),
        rows: expression.exactOptional().meta({ description: 'The list or map with one row for each item.' }),
        columns: z
          .array(item, 'allowed: a list of { label, from, … }')
          .min(1)
          .max(MAX_COLUMNS)
          .exactOptional(),
        where: expression.exactOptional().meta({ description: 'Which rows are shown.' }),
        sort: filled
          .exactOptional()
          .meta({ description: 'An expression; with "-" in front the largest come first.' }),
        limit: z.int('allowed: a whole number').min(1).max(MAX_ROWS).exactOptional().meta({
          description: 'How many rows are shown; default 200.',
        }),
        empty: filled.exactOptional().meta({ description: 'The text where there are no rows.' }),
        join: join.exactOptional(),
        span: z.int('allowed: a whole number').min(1).max(MAX_SPAN).exactOptional().meta({
          description: 'How many columns of the page it takes.',
        }),
      },
      'allowed: a table [[panel]]',
    )
    .superRefine((table, context) => {
      const issue = (path: string[], message: string): void =>
        context.addIssue({ code: 'custom', path, message })
      if (table.fields !== undefined) {
        for (const name of ['rows', 'columns', 'where', 'sort', 'limit', 'empty', 'join'] as const)
          if (table[name] !== undefined)
            issue([name], `${name} belongs to a table of rows, and this panel has fields`)
      } else if (table.rows === undefined || table.columns === undefined) {
        issue([], 'a panel has fields, or rows and columns')
      }
    }),
)

const auto = z.lazy(() =>
  z.strictObject(
    {
      off: z.boolean('allowed: true or false').exactOptional().meta({
        description: 'Shows nothing but the panels of this file.',
      }),
      hide: z.array(filled, 'allowed: a list of names').max(MAX_NAMES).exactOptional().meta({
        description: 'Members of the document that are not shown.',
      }),
      rename: z.record(text, filled, 'allowed: a table of titles by name').exactOptional().meta({
        description: 'Titles of automatic panels by the name of their member.',
      }),
    },
    'allowed: a table [auto] with hide, rename, off',
  ),
)

export const boardFile = z.lazy(() =>
  z.strictObject(
    {
      title: filled.exactOptional().meta({ description: 'The title of the board.' }),
      verdict: expression.exactOptional().meta({
        description:
          'An expression for the state word of the whole; default: the worst of what the board shows.',
      }),
      words: toneWords.exactOptional().meta({ description: 'More state words by tone.' }),
      source: z
        .record(z.string(), z.unknown(), 'allowed: a table [source], or tables [source.NAME]')
        .exactOptional()
        .meta({ description: 'Where the document comes from: one [source], or several [source.NAME].' }),
      panel: z.array(panel, 'allowed: tables [[panel]]').max(MAX_PANELS).exactOptional(),
      notify: z.array(z.unknown(), 'allowed: tables [[notify]]').max(MAX_RULES).exactOptional().meta({
        description: 'What is sent when: as in the settings file.',
      }),
      auto: auto.exactOptional().meta({ description: 'The members of the document that no panel shows.' }),
    },
    'allowed: a board file with title, verdict, words, [source], [[panel]], [[notify]] and [auto]',
  ),
)

export type BoardTable = z.output<typeof boardFile>
export type PanelTable = NonNullable<BoardTable['panel']>[number]
export type ItemTable = NonNullable<PanelTable['fields']>[number]
export type ToneWords = NonNullable<BoardTable['words']>
