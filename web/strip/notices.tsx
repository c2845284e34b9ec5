// The second line of the bar: what is wrong with the connection or the source, since when, and what can be done.
import type { ComponentChildren } from 'preact'
import { durationText } from '../../src/display/age.js'
import { unknownPanels } from '../cards/arrange.js'
import { board, connection, follow, health, lastLiveMs, nowMs, paused } from '../model.js'
import { clockText, shownNowMs, zone } from '../state/clock.js'
import { query } from '../state/query.js'
import { stale } from '../state/staleness.js'
import { Notifications } from './notifications.jsx'

const isLost = (): boolean => {
  const { state, problem } = connection.value
  return state !== 'live' && state !== 'signed-out' && (state !== 'connecting' || problem !== null)
}

/** What is shown about a lost connection; else what is given. */
export function LostCause({ children }: { readonly children: ComponentChildren }) {
  if (!isLost()) return children
  if (board.value === null) return 'No answer from the server yet'
  const what = connection.value.state === 'silent' ? 'No sign of life from the server' : 'No connection'
  return `${what} since ${clockText(lastLiveMs.value)}`
}

/** Changes every second, so screen readers must ignore it. */
function TryingAgain() {
  const { retryAtMs } = connection.value
  const sec = Math.ceil(((retryAtMs ?? 0) - nowMs.value) / 1000)
  return sec > 0 ? <span aria-hidden="true">Trying again in {sec} s. </span> : null
}

function Lost() {
  if (!isLost()) return null
  const { problem } = connection.value
  const why = problem === null ? '' : `${problem.replace(/\.$/, '')}. `
  const word = board.value?.verdict?.word
  return (
    <span>
      {why}
      <TryingAgain />
      {board.value === null
        ? ''
        : `What is shown is the last board known${word === undefined ? '' : `; it was ${word}`}. `}
      {query.kiosk ? null : (
        <button type="button" class="button" onClick={follow}>
          Reconnect now
        </button>
      )}
    </span>
  )
}

function OldSource() {
  if (stale.value?.why !== 'source') return null
  const { sinceMs } = stale.value
  const error = health.value?.sourceError
  return (
    <span>
      {error ? `${error} · ` : ''}
      {`everything below is as of ${clockText(sinceMs + shownNowMs.value - nowMs.value)}`}
      <span aria-hidden="true">, {durationText(nowMs.value - sinceMs)} old,</span>
      {' and no longer judged'}
    </span>
  )
}

function Paused() {
  return paused.value ? (
    <span>
      {'Paused: updates are held back '}
      <button
        type="button"
        class="button"
        onClick={() => {
          paused.value = false
        }}
      >
        Continue
      </button>
    </span>
  ) : null
}

/** `Recording of 2026-11-29 09:15:04`; its last board stays when it has ended. */
function RecordingNotice() {
  const recording = health.value?.recording ?? null
  if (recording === null) return null
  return (
    <span>
      {`Recording of ${zone.value.day(recording.nowMs)}`}
      {recording.ended ? `, ended at ${zone.value.clock(recording.nowMs)}` : ''}
    </span>
  )
}

function Unknown() {
  const names = unknownPanels.value
  if (board.value === null || names.length === 0) return null
  return <span>{`The board has no panel named ${names.join(', ')}.`}</span>
}

export function Notices() {
  return (
    <span class="parts" role="status" aria-label="Notices">
      <Lost />
      <RecordingNotice />
      <OldSource />
      <Paused />
      <Unknown />
      <Notifications />
    </span>
  )
}

/** Below the bar, until there is a board. */
export function Waiting() {
  if (board.value !== null || connection.value.state === 'signed-out') return null
  return (
    <p class="waiting">
      {health.value === null
        ? 'Waiting for the first board.'
        : 'The server answers, and has no board yet. The first one is shown here as soon as it comes.'}
    </p>
  )
}
