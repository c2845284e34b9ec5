// Notifications of the server on the page: what lasts and is not acknowledged, and what is muted; the buttons for both.
import { signal } from '@preact/signals'
import type { MenuItem } from '../menu/menu.jsx'
import { askHealth, health } from '../model.js'
import { token } from '../state/access.js'
import { announce } from '../state/announce.js'
import { addressOf } from '../state/base.js'
import { clockText } from '../state/clock.js'
import { query } from '../state/query.js'

const TIMEOUT_MS = 10_000
const MUTE_MIN = 30

const fault = signal('')

async function act(method: 'POST' | 'DELETE', path: string, body: object, done: string): Promise<void> {
  const key = token.peek()
  try {
    const response = await fetch(addressOf(`summary/notify/${path}`), {
      method,
      headers: { 'Content-Type': 'application/json', ...(key === null ? {} : { 'X-API-Token': key }) },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    fault.value = response.ok ? '' : `the server refuses (${response.status})`
  } catch {
    fault.value = 'the server does not answer'
  }
  announce(fault.value === '' ? done : `Not done: ${fault.value}`)
  await askHealth()
}

const acknowledge = () => act('POST', 'acknowledge', {}, 'Acknowledged')
const endMutes = () => act('DELETE', 'mutes/all', {}, 'Notifications are sent again')
const mute = () =>
  act('POST', 'mutes', { for_sec: MUTE_MIN * 60, reason: 'on the page' }, `Muted for ${MUTE_MIN} minutes`)

/** For the menu; none where the server has no rules. */
export function muteItems(): readonly MenuItem[] {
  const state = health.value?.notify ?? null
  if (state === null) return []
  return [
    state.mutes > 0
      ? { label: 'End mute of notifications', run: () => void endMutes() }
      : { label: `Mute notifications ${MUTE_MIN} min`, run: () => void mute() },
  ]
}

/** Of rules; the alerts below have a button of their own. */
const acknowledgeText = (count: number): string =>
  `Acknowledge ${count} ${count === 1 ? 'notification' : 'notifications'}`

type ButtonProps = { readonly label: string; readonly run: () => Promise<void> }

function Button({ label, run }: ButtonProps) {
  return query.kiosk ? null : (
    <button type="button" class="button" onClick={() => void run()}>
      {label}
    </button>
  )
}

export function Notifications() {
  const state = health.value?.notify ?? null
  if (state === null) return null
  const { toAcknowledge, mutes, mutedUntilMs } = state
  const muted =
    mutedUntilMs !== null
      ? `Notifications muted until ${clockText(mutedUntilMs)} `
      : mutes > 0
        ? 'Some notifications muted '
        : ''
  const failed = fault.value === '' ? '' : `Not done: ${fault.value}. `
  if (failed === '' && muted === '' && toAcknowledge === 0) return null
  return (
    <span>
      {failed}
      {muted}
      {mutes > 0 ? <Button label="End mute" run={endMutes} /> : null}{' '}
      {toAcknowledge > 0 ? <Button label={acknowledgeText(toAcknowledge)} run={acknowledge} /> : null}
    </span>
  )
}
