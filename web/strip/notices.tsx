// Notices between the strip and the cards: what is wrong, since when, and what can be done.
import { unknownPanels } from '../cards/arrange.js'
import { board, connection, follow, health, lastLiveMs, nowMs, paused } from '../model.js'
import { clockText } from '../state/ages.js'
import { wordsOf } from '../state/overall.js'
import { query } from '../state/query.js'
import { stale, staleAge } from '../state/staleness.js'

function Reconnect() {
  return query.kiosk ? null : (
    <button type="button" class="button" onClick={follow}>
      Reconnect now
    </button>
  )
}

/** Changes every second, so screen readers must ignore it. */
function Age() {
  return (
    <span class="age" aria-hidden="true">
      {staleAge} ago
    </span>
  )
}

/** Changes every second, so screen readers must ignore it. */
function TryingAgain() {
  const { retryAtMs } = connection.value
  const sec = Math.ceil(((retryAtMs ?? 0) - nowMs.value) / 1000)
  return sec > 0 ? <span aria-hidden="true">Trying again in {sec} s. </span> : null
}

function Lost() {
  const { state, problem } = connection.value
  if (state === 'live' || state === 'signed-out' || (state === 'connecting' && problem === null)) return null
  const hasBoard = board.value !== null
  const what = state === 'silent' ? 'No sign of life from the server' : 'No live connection'
  const since = hasBoard ? `${what} since ${clockText(lastLiveMs.value)}` : 'No answer from the server yet'
  const why = problem === null ? '' : ` (${problem.replace(/\.$/, '')})`
  return (
    <p class="notice" data-tone="error">
      {`${since}${why}${hasBoard ? ': what is shown is the last board known' : ''}. `}
      <TryingAgain />
      {hasBoard ? <Age /> : null}
      <Reconnect />
    </p>
  )
}

function DeadSource() {
  const known = health.value
  if (stale.value?.why !== 'source' || known === null) return null
  const error = known.sourceError === null ? '' : ` (${known.sourceError})`
  return (
    <p class="notice" data-tone={known.sourceState === 'stale' ? 'warn' : 'error'}>
      {`The source is ${wordsOf(known.sourceState)}${error}: what is shown is its last good state, of ${clockText(stale.value.sinceMs)}. `}
      <Age />
    </p>
  )
}

function Paused() {
  return paused.value ? (
    <p class="notice" data-tone="info">
      Paused: updates are held back.{' '}
      <button
        type="button"
        class="button"
        onClick={() => {
          paused.value = false
        }}
      >
        Continue
      </button>
    </p>
  ) : null
}

function Unknown() {
  const names = unknownPanels.value
  if (board.value === null || names.length === 0) return null
  return (
    <p class="notice" data-tone="warn">
      The board has no panel named {names.join(', ')}.
    </p>
  )
}

function Waiting() {
  if (board.value !== null || connection.value.state === 'signed-out') return null
  return (
    <p class="waiting">
      {health.value === null
        ? 'Waiting for the first board.'
        : 'The server answers, and has no board yet. The first one is shown here as soon as it comes.'}
    </p>
  )
}

export function Notices() {
  return (
    <>
      <div role="status" aria-label="Notices">
        <Lost />
        <DeadSource />
        <Paused />
        <Unknown />
      </div>
      <Waiting />
    </>
  )
}
