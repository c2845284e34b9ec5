// The texts about alerts in the tab's title, the live region and desktop notifications.
import type { KeptAlert, Waiting } from './alert-log.js'

/** Alerts announced in full; the others are only counted. */
const MAX_SPOKEN = 3

/** The tab's title: `(2 critical) G6`, `(5) G6`, or the name alone; `?` before it where nobody knows what is so now. */
export function tabTitle(name: string, { all, critical }: Waiting, isLive: boolean): string {
  const count = critical > 0 ? `(${critical} critical) ` : all > 0 ? `(${all}) ` : ''
  return `${isLive ? '' : '? '}${count}${name}`
}

/** `critical: Provider: kite does not answer`. */
export function alertText({ level, component, message }: KeptAlert): string {
  return component === '' || component === '—' ? `${level}: ${message}` : `${level}: ${component}: ${message}`
}

/** New alerts as one text; empty when there are none. */
export function announcement(fresh: readonly KeptAlert[]): string {
  const spoken = fresh.slice(0, MAX_SPOKEN).map(alertText)
  const left = fresh.length - spoken.length
  return [...spoken, ...(left > 0 ? [`and ${left} more`] : [])].join('. ')
}
