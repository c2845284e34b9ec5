// The body of the alerts card: counts, filters, and the alerts, newest first.
import type { ShownPanel, Tone } from '../state/panels.js'
import { query } from '../state/query.js'
import type { KeptAlert } from './alert-log.js'
import {
  notificationProblem,
  switchNotifications,
  switchSound,
  withNotifications,
  withSound,
} from './announce.js'
import { filtered } from './filter.js'
import { type AlertLevel, LEVELS } from './read-alerts.js'
import { acknowledgeAll, filter, shownLog, toAcknowledge } from './state.js'
import './alerts.css'

/** The id of the input that the filter key focuses. */
export const FILTER_ID = 'alerts-filter'

/** Elements that scroll must be reachable by keyboard. */
const SCROLLS = { tabIndex: 0 }

const TONES: Readonly<Record<AlertLevel, Tone>> = { critical: 'error', warn: 'warn', info: 'info' }

function toggleLevel(level: AlertLevel): void {
  const levels = new Set(filter.value.levels)
  if (!levels.delete(level)) levels.add(level)
  filter.value = { ...filter.value, levels }
}

function showAll(): void {
  filter.value = { levels: new Set(LEVELS), text: '' }
}

function Filters({ alerts }: { readonly alerts: readonly KeptAlert[] }) {
  const { levels, text } = filter.value
  return (
    <fieldset class="alerts-filters">
      <legend class="hidden-text">Filter alerts</legend>
      {LEVELS.map(level => {
        const count = alerts.filter(alert => alert.listed && alert.level === level).length
        return (
          <button
            key={level}
            type="button"
            class="button"
            data-tone={count === 0 ? 'muted' : TONES[level]}
            aria-pressed={levels.has(level)}
            onClick={() => toggleLevel(level)}
          >
            {level} {count}
          </button>
        )
      })}
      <input
        id={FILTER_ID}
        type="search"
        placeholder="filter"
        aria-label="Filter alerts by words"
        value={text}
        onInput={event => {
          filter.value = { ...filter.value, text: event.currentTarget.value }
        }}
      />
    </fieldset>
  )
}

function Switches() {
  const { all } = toAcknowledge.value
  return (
    <div class="alerts-switches">
      <button type="button" class="button" disabled={all === 0} onClick={acknowledgeAll}>
        {all === 0 ? 'All acknowledged' : `Acknowledge ${all}`}
      </button>
      <button type="button" class="button" aria-pressed={withSound.value} onClick={switchSound}>
        Sound
      </button>
      <button
        type="button"
        class="button"
        aria-pressed={withNotifications.value}
        onClick={() => void switchNotifications()}
      >
        Notifications
      </button>
      <span role="status">{notificationProblem.value}</span>
    </div>
  )
}

function Row({ alert }: { readonly alert: KeptAlert }) {
  const { time, level, component, message, times, listed, acknowledged } = alert
  return (
    <li data-earlier={!listed} data-new={listed && !acknowledged}>
      <time>{time}</time>
      <b data-tone={TONES[level]}>{level}</b>
      <span class="alert-component">{component}</span>
      <span class="alert-message">
        {times === 1 ? message : `${message} ×${times}`}
        {!listed && <small> no longer listed</small>}
      </span>
    </li>
  )
}

function List({ alerts }: { readonly alerts: readonly KeptAlert[] }) {
  const shown = filtered(alerts, filter.value)
  if (alerts.length === 0) return <p class="alerts-none">No alerts.</p>
  if (shown.length === 0) {
    return (
      <p class="alerts-none">
        None of {alerts.length} alerts match.{' '}
        <button type="button" class="button" onClick={showAll}>
          Show all
        </button>
      </p>
    )
  }
  return (
    <>
      {shown.length < alerts.length && (
        <p class="alerts-none">
          {shown.length} of {alerts.length} shown
        </p>
      )}
      <ol class="alerts-list" {...SCROLLS} aria-label="Alerts, newest first">
        {shown.map(alert => (
          <Row key={alert.id} alert={alert} />
        ))}
      </ol>
    </>
  )
}

export function AlertsBody({ panel }: { readonly panel: ShownPanel }) {
  const { alerts } = shownLog.value
  const fields = panel.blocks.flatMap(block => (block.kind === 'fields' ? block.items : []))
  const texts = panel.blocks.flatMap(block => (block.kind === 'text' ? [block] : []))
  return (
    <div class="alerts">
      <dl class="alerts-counts">
        {fields.map(({ label, text, tone }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd data-tone={tone}>{text}</dd>
          </div>
        ))}
      </dl>
      {!query.kiosk && alerts.length > 0 && <Filters alerts={alerts} />}
      <List alerts={alerts} />
      {texts.map(({ text, tone }) => (
        <p key={text} class="text" data-tone={tone}>
          {text}
        </p>
      ))}
      {!query.kiosk && <Switches />}
    </div>
  )
}
