// docs/reference/words.md: the tables by which an automatic board judges and shows values.
import { stateWords } from '../panels/state-words.js'
import {
  BAD_COUNTER_NAMES,
  BAD_FLAG_NAMES,
  CALM_WORDS,
  CODE_WORDS,
  GOOD_FLAG_NAMES,
  PROBLEM_NAMES,
  SHARE_NAMES,
} from './judge.js'
import { STATE_NAMES } from './names.js'
import { UNIT_RULES } from './units.js'

const code = (words: Iterable<string>): string => [...words].map(word => `\`${word}\``).join(', ')

const ABOUT = {
  ok: 'well',
  info: 'to note',
  warn: 'a warning',
  error: 'an error',
} as const

/** Markdown, generated from the tables themselves. */
export function wordsPage(): string {
  const tones = (['ok', 'info', 'warn', 'error'] as const).map(
    tone => `| ${tone} (${ABOUT[tone]}) | ${code(stateWords(tone))} |`,
  )
  return `# State words and units

<!-- Made from the declarations by \`g6 docs --write\`; do not edit. -->

## Words

A value has a tone only where the name of its member carries a state and the word is known. Upper and lower case, blanks and dashes make
no difference. Of several words the worst counts, and a word that is not in the table counts for nothing; on a known panel it is a warning.
The log lists unknown words once.

| Tone | Words |
| --- | --- |
${tones.join('\n')}

\`none\` is ok for a severity and an indicator only; \`high\` counts only in a row that has a severity and says what happened. On an automatic
board ${code(CALM_WORDS)} are to note, because they are deliberate more often than not. Where a row has \`active\`, its \`sub\` has no tone. The
severity of something that is over, or of a check that passes, has none either. The codes ${code(CODE_WORDS)} (non-critical, critical and
non-recoverable sensors) count everywhere but under \`state\`, where such letters name a region.

## Names

| What | Names |
| --- | --- |
| carry a state | ${code(STATE_NAMES)} |
| booleans, good when true | ${code(GOOD_FLAG_NAMES)} |
| booleans, bad when true | ${code(BAD_FLAG_NAMES)} |
| \`true\` and \`false\` themselves, not as text; good when true | \`status\` |
| texts such as \`1/3\`: a warning where some are missing | ${code(SHARE_NAMES)} |
| texts and lists of texts: a warning when there is one | ${code(PROBLEM_NAMES)} |
| counters: a warning while they rise, once there is history | ${code(BAD_COUNTER_NAMES)} |

## Units

Tested in this order; a name that says no unit gives none.

| Unit | Where |
| --- | --- |
${UNIT_RULES.map(([rule, names]) => `| ${rule} | ${names} |`).join('\n')}
`
}
