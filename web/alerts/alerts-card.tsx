// The body of the alerts card: the alerts, worst first, then newest; filters where there are many.
import { durationText } from '../../src/display/age.js'
import { COMPUTED } from '../../src/panels/facts.js'
import { hasAlerts } from '../cards/arrange.js'
import { kioskAlerts } from '../cards/kiosk.js'
import { momentText, shownNowMs } from '../state/clock.js'
import { MISSING, type ShownPanel, type Tone } from '../state/panels.js'
import { query } from '../state/query.js'
import { isStale } from '../state/staleness.js'
import { type KeptAlert, worstFirst } from './alert-log.js'
import { notificationProblem } from './announce.js'
import { filtered } from './filter.js'
import { type AlertLevel, LEVELS } from './read-alerts.js'
import { acknowledgeAll, filter, isFiltering, shownLog, toAcknowledge } from './state.js'
import './alerts.css'

const FILTER_ID = 'alerts-filter'
/** Fewer alerts are read faster than filtered. */
const FILTERS_FROM = 8

/** Elements that scroll must be reachable by keyboard. */
const SCROLLS = { tabIndex: 0 }
/** More may scroll. */
const FITTING = 6

const TONES: Readonly<Record<AlertLevel, Tone>> = { critical: 'error', warn: 'warn', info: 'info' }
const NAMES: Readonly<Record<AlertLevel, readonly [one: string, many: string]>> = {
  critical: ['critical', 'critical'],
  warn: ['warning', 'warnings'],
  info: ['note', 'notes'],
}

/** `1 critical · 2 warnings`: the listed ones. */
export function alertsRemark(): string {
  const { alerts } = shownLog.value
  return LEVELS.flatMap(level => {
    const count = alerts.filter(alert => alert.listed && alert.level === level).length
    return count === 0 ? [] : [`${count} ${NAMES[level][count === 1 ? 0 : 1]}`]
  }).join(' · ')
}

/** Shows the filter where there is none yet, and focuses it. */
export function focusFilter(): void {
  isFiltering.value = true
  requestAnimationFrame(() => document.getElementById(FILTER_ID)?.focus())
}

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

/** Changes every second, so screen readers must ignore it. */
function Lasts({ atMs }: { readonly atMs: number }) {
  return <span aria-hidden="true"> · for {durationText(shownNowMs.value - atMs)}</span>
}

function Row({ alert, canAcknowledge }: { readonly alert: KeptAlert; readonly canAcknowledge: boolean }) {
  const { time, atMs, level, component, message, times, listed, acknowledged } = alert
  const isJudged = listed && !isStale.value
  const { all } = toAcknowledge.value
  return (
    <li
      data-level={level}
      data-tone={isJudged ? TONES[level] : undefined}
      data-earlier={!listed || undefined}
      data-new={(listed && !acknowledged) || undefined}
    >
      <span class="alert-mark" />
      <time class="quiet">{atMs === null ? time : momentText(atMs, time)}</time>
      <span class="alert-message">
        {times === 1 ? message : `${message} ×${times}`}
        {!listed && <small> no longer listed</small>}
      </span>
      <span class="alert-detail">
        {component === MISSING ? null : (
          <>
            <span class="alert-component">{component}</span>
            {' · '}
          </>
        )}
        {level}
        {isJudged && level === 'critical' && atMs !== null ? <Lasts atMs={atMs} /> : null}
      </span>
      {canAcknowledge ? (
        <button type="button" class="button" onClick={acknowledgeAll}>
          {all === 1 ? 'Acknowledge' : `Acknowledge all ${all}`}
        </button>
      ) : null}
    </li>
  )
}

function List({ alerts }: { readonly alerts: readonly KeptAlert[] }) {
  const matching = worstFirst(filtered(alerts, filter.value))
  if (matching.length === 0) {
    return (
      <p class="empty">
        None of {alerts.length} alerts match.{' '}
        <button type="button" class="button" onClick={showAll}>
          Show all
        </button>
      </p>
    )
  }
  const shown = query.kiosk ? matching.slice(0, kioskAlerts()) : matching
  const scrolls = !query.kiosk && shown.length > FITTING
  const first = query.kiosk ? undefined : shown.find(({ listed, acknowledged }) => listed && !acknowledged)
  return (
    <>
      {shown.length < alerts.length && !query.kiosk && (
        <p class="empty">
          {shown.length} of {alerts.length} shown
        </p>
      )}
      <ol class="alerts-list" {...(scrolls ? SCROLLS : {})} aria-label="Alerts, worst first">
        {shown.map(alert => (
          <Row key={alert.id} alert={alert} canAcknowledge={alert === first} />
        ))}
      </ol>
    </>
  )
}

export function AlertsBody({ panel }: { readonly panel: ShownPanel }) {
  const { alerts } = shownLog.value
  // On a wall display the cards that it was computed from say it too.
  const isLeftOut = (text: string): boolean => query.kiosk && alerts.length > 0 && text.endsWith(COMPUTED)
  const hasFilters = alerts.length >= FILTERS_FROM || isFiltering.value
  return (
    <div class="alerts">
      {!query.kiosk && hasFilters && alerts.length > 0 ? <Filters alerts={alerts} /> : null}
      {alerts.length > 0 ? <List alerts={alerts} /> : null}
      {hasAlerts.value ? null : <p class="empty">No alerts.</p>}
      {panel.blocks.map(block =>
        block.kind === 'text' && !isLeftOut(block.text) ? (
          <p key={block.text} class="text" data-tone={block.tone}>
            {block.text}
          </p>
        ) : null,
      )}
      <p class="empty" role="status">
        {notificationProblem.value}
      </p>
    </div>
  )
}
