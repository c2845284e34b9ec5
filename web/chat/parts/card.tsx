// One question and its answer. How it ended is shown once, in the last line, and stays there.
import { useMemo } from 'preact/hooks'
import { secondsLeft } from '../conversation/limit.js'
import type { Cut, End, Source, Turn } from '../conversation/turn.js'
import { type Action, completeFacts, endWords, isTorn } from '../conversation/words.js'
import type { Formatted } from '../markdown/blocks.js'
import { createFormatter } from '../markdown/formatter.js'
import { webLink } from '../markdown/links.js'
import { each, levelsOf, type Tail, TopBlock, type Whole } from '../markdown/nodes.jsx'
import { ask, canAsk, editQuestion, nowMs, retry, running, thoughts, tryNow } from '../state/chat.js'
import type { Running } from '../state/running.js'
import { focusComposer, focusComposerByKeys, stopHere } from './composer-field.js'
import { CopyButton } from './copy-button.jsx'
import { toNewest } from './follow.js'
import { Mark } from './mark.jsx'
import { isNarrow } from './narrow.js'

const GO_ON = 'Please go on where the answer ended.'

function Note({ cut }: { readonly cut: Cut }) {
  return (
    <p class="note">
      <Mark tone="info" />
      Connection lost for {secondsLeft(cut.lostMs, 0)} s, nothing missing
    </p>
  )
}

type AnswerProps = {
  readonly formatted: Formatted
  readonly cuts: readonly Cut[]
  readonly whole: Whole
  readonly tail: Tail
}

/** The text, and where the connection broke behind the block that broke there. */
function Answer({ formatted, cuts, whole, tail }: AnswerProps) {
  const { blocks, isPlain } = formatted
  let before = 0
  return (
    <>
      {isPlain ? <p class="quiet">Shown as plain text: too large to format</p> : null}
      {each(blocks, ({ block, end }, i) => {
        const isLast = i === blocks.length - 1
        const here = cuts.filter(({ at }) => at > before && (at <= end || isLast))
        before = end
        return (
          <>
            <TopBlock block={block} whole={whole} tail={isLast ? tail : null} />
            {here.map(cut => (
              <Note key={cut.at} cut={cut} />
            ))}
          </>
        )
      })}
    </>
  )
}

function Chip({
  source,
  number,
  id,
}: {
  readonly source: Source
  readonly number: number
  readonly id: string
}) {
  const link = source.url === null ? null : webLink(source.url)
  const text = (
    <>
      <i>{number}</i>
      <bdi>{source.title}</bdi>
      {link === null ? null : <span class="host">{link.host}</span>}
    </>
  )
  if (link === null) {
    return (
      <span id={id} class="chip" tabIndex={-1}>
        {text}
      </span>
    )
  }
  return (
    <a id={id} class="chip" href={link.href} rel="noopener noreferrer nofollow ugc" target="_blank">
      {text}
    </a>
  )
}

function Sources({ sources, whole }: { readonly sources: readonly Source[]; readonly whole: Whole }) {
  if (sources.length === 0) return null
  return (
    <ol class="sources" aria-label="Sources">
      {sources.map((source, i) => (
        <li key={whole.idOf(i + 1)}>
          <Chip source={source} number={i + 1} id={whole.idOf(i + 1)} />
        </li>
      ))}
    </ol>
  )
}

/** Folded: what it thinks, or thought. */
function Reasoning({ turn, now }: { readonly turn: Turn; readonly now: Running | null }) {
  const past = thoughts.value.get(turn.id)
  const thinks = now?.thinking.value
  const text = now === null ? past?.text : now.reasoning.value
  if (text === undefined || text === '') return null
  const isOver = now === null || thinks?.tookMs !== null
  const tookMs =
    now === null ? past?.tookMs : (thinks?.tookMs ?? nowMs.value - (thinks?.sinceMs ?? nowMs.value))
  return (
    <details class="reasoning">
      <summary>
        {isOver ? 'Thought' : 'Thinking'}
        {tookMs ? ` for ${secondsLeft(tookMs, 0)} s` : ''}
      </summary>
      <div dir="auto">{text}</div>
    </details>
  )
}

/** `Answering, 6 s` */
function progressText(now: Running): string {
  const since = (ms: number): number => Math.max(0, Math.floor((nowMs.value - ms) / 1000))
  if (now.isStopping.value) return 'Stopping'
  switch (now.phase.value) {
    case 'waiting':
      return `Waiting for the first word, ${since(now.startedMs)} s`
    case 'thinking':
      return `Thinking, ${since(now.thinking.value?.sinceMs ?? now.startedMs)} s`
    case 'answering':
      return `Answering, ${since(now.startedMs)} s`
  }
}

function Progress({ now }: { readonly now: Running }) {
  const { value: lost } = now.lost
  if (lost !== null && !now.isStopping.value) {
    const leftSec = secondsLeft(lost.retryAtMs, nowMs.value)
    return (
      <footer class="end" data-tone="warn">
        <Mark tone="warn" />
        <p>Connection lost, trying again{leftSec === 0 ? '' : ` in ${leftSec} s`}</p>
        <div class="actions">
          <button type="button" class="button ghost" onClick={stopHere}>
            Stop
          </button>
          <button type="button" class="button" onClick={tryNow}>
            Try now
          </button>
        </div>
      </footer>
    )
  }
  return (
    <footer class="end">
      <Mark tone="info" isLive />
      <p>{progressText(now)}</p>
      <div class="actions" />
    </footer>
  )
}

function ActionButton({ action, turn }: { readonly action: Action; readonly turn: Turn }) {
  if (action === 'Copy') return <CopyButton text={() => turn.answer} label="Copy the answer" />
  const run: Readonly<Record<Exclude<Action, 'Copy'>, () => void>> = {
    Retry: () => retry(turn.id),
    'Ask again': () => retry(turn.id),
    'Ask to go on': () => {
      ask(GO_ON)
      toNewest()
    },
    'Edit question': () => {
      editQuestion(turn.question)
      focusComposer()
    },
  }
  // While another answer runs nothing can be asked.
  const isBusy = running.value !== null && action !== 'Edit question'
  return (
    <button
      type="button"
      class={action === 'Ask again' ? 'button ghost' : 'button'}
      disabled={isBusy}
      onClick={() => {
        if (action !== 'Edit question' && !canAsk()) return
        run[action]()
        // This button is gone now.
        focusComposerByKeys()
      }}
    >
      {action}
    </button>
  )
}

/** On a phone only how long it took; the rest unfolds. */
function CompleteText({ turn }: { readonly turn: Turn }) {
  const facts = completeFacts(turn)
  const all = ['Complete', ...facts].join(' · ')
  if (!isNarrow.value || facts.length < 2) return <p>{all}</p>
  const [first = '', ...rest] = facts
  return (
    <details class="facts-more">
      <summary>Complete · {first}</summary>
      {rest.join(' · ')}
    </details>
  )
}

function EndLine({ turn, end }: { readonly turn: Turn; readonly end: End }) {
  const { tone, strong, text, more, actions } = endWords(end, turn)
  return (
    <footer class="end" data-tone={tone}>
      <Mark tone={tone} />
      {end.kind === 'complete' ? (
        <CompleteText turn={turn} />
      ) : (
        <p>
          {strong === '' ? null : <b>{strong}</b>}
          {strong === '' ? text : ` ${text}`}
          {isNarrow.value ? null : more}
        </p>
      )}
      <div class="actions">
        {actions.map(action => (
          <ActionButton key={action} action={action} turn={turn} />
        ))}
      </div>
    </footer>
  )
}

export function Card({ turn }: { readonly turn: Turn }) {
  const { value: current } = running
  const now = current?.turnId === turn.id ? current : null
  const { answer, end } = turn
  const streamed = now?.formatted.value ?? null
  const isStreamed = streamed !== null
  const restored = useMemo(
    () =>
      answer === '' || isStreamed ? null : createFormatter(() => performance.now()).format(answer, true),
    [answer, isStreamed],
  )
  const formatted = streamed ?? restored
  const facts = now !== null && streamed !== null ? now.facts.value : turn
  const sources = now !== null && now.facts.value.sources.length > 0 ? now.facts.value.sources : facts.sources
  const count = sources.length
  const levels = formatted === null ? '' : levelsOf(formatted.blocks.map(({ block }) => block))
  const whole = useMemo(
    () => ({ sources: count, idOf: (n: number) => `source-${turn.id}-${n}`, levels }),
    [count, turn.id, levels],
  )
  const tail: Tail = streamed !== null ? 'busy' : end === null || isTorn(end) ? 'torn' : null
  const tone = end === null ? undefined : endWords(end, turn).tone
  return (
    <article class="turn" data-tone={tone} aria-labelledby={`question-${turn.id}`} aria-busy={now !== null}>
      <h2 id={`question-${turn.id}`} dir="auto">
        {turn.question}
      </h2>
      <Reasoning turn={turn} now={now} />
      <div class="answer">
        {formatted !== null ? (
          <Answer formatted={formatted} cuts={facts.cuts} whole={whole} tail={tail} />
        ) : end !== null && end.kind !== 'complete' ? (
          <p class="quiet">No text came.</p>
        ) : null}
      </div>
      <Sources sources={sources} whole={whole} />
      {now !== null ? <Progress now={now} /> : end !== null ? <EndLine turn={turn} end={end} /> : null}
    </article>
  )
}
