// Variables of the G6 platform's other programs: its collector, its tools, its web dashboard. They often share one environment
// with this program. One note lists those that are set; a warning for each would hide what is really wrong.

/** What the names of this program's own areas begin with. An unknown name of these is a mistake, not another program's. */
const OWN = /^G6_(SUMMARY|SSE|PANELS?|UNIFIED|CHAT|AUDIT)_/
/** The collector's differences; the panels of the terminal share the first word. */
const COLLECTORS = /^G6_PANEL_DIFFS?(_|$)/

/** Whether a `G6_` name that is not a setting, nor close to one, belongs to another program. */
export const isForeignName = (name: string): boolean => !OWN.test(name) || COLLECTORS.test(name)

/** Names listed in the note; more are counted. */
const LISTED = 8

/** One sentence about all of them; null for none. */
export function foreignNote(names: readonly string[]): string | null {
  if (names.length === 0) return null
  const listed = names.slice(0, LISTED).join(', ')
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : ''
  return `not settings of this program and without effect on it: ${listed}${more}`
}
