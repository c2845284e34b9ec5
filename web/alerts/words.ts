// What the tab's title, the live region and a desktop notification say of alerts.
import type { KeptAlert, Waiting } from './alert-log.js'

/** Alerts said in full; of more only how many. */
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

/** New alerts as one announcement; empty when there are none. */
export function announcement(fresh: readonly KeptAlert[]): string {
  const said = fresh.slice(0, SAID).map(alertText)
  const left = fresh.length - said.length
  return [...said, ...(left > 0 ? [`and ${left} more`] : [])].join('. ')
}
