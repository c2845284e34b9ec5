// The texts about alerts in the tab's title, the live region and desktop notifications.
import type { KeptAlert, Waiting } from './alert-log.js'

/** Alerts announced in full; the others are only counted. */
const SAID = 3

/** The tab's title: `(2 critical) G6`, `(5) G6`, or the name alone. */
export function tabTitle(name: string, { all, critical }: Waiting): string {
  if (critical > 0) return `(${critical} critical) ${name}`
  return all > 0 ? `(${all}) ${name}` : name
}

/** `critical: Provider: kite does not answer`. */
export function alertText({ level, component, message }: KeptAlert): string {
  return component === '' || component === '—' ? `${level}: ${message}` : `${level}: ${component}: ${message}`
}

/** New alerts as one text; empty when there are none. */
export function announcement(fresh: readonly KeptAlert[]): string {
  const said = fresh.slice(0, SAID).map(alertText)
  const left = fresh.length - said.length
  return [...said, ...(left > 0 ? [`and ${left} more`] : [])].join('. ')
}
