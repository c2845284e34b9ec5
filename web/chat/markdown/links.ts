// Which addresses of an answer become links, and how their host is shown. Answers are untrusted: a link is http or https, has no
// user name, and shows where it leads.

export type WebLink = { readonly href: string; readonly host: string }

const MAX_LENGTH = 2_048
/** The host as it is written; null in `exec` where it has anything but letters and digits. */
const WRITTEN_HOST = /^https?:\/\/([\p{L}\p{N}.-]+(?::\d+)?)(?:[/?#]|$)/iu

/** Letters that belong together in one name. */
const SCRIPTS: readonly RegExp[] = [
  /^\p{Script=Latin}+$/u,
  /^\p{Script=Cyrillic}+$/u,
  /^\p{Script=Greek}+$/u,
  /^\p{Script=Arabic}+$/u,
  /^\p{Script=Hebrew}+$/u,
  /^\p{Script=Armenian}+$/u,
  /^\p{Script=Georgian}+$/u,
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+$/u,
  /^[\p{Script=Han}\p{Script=Hangul}]+$/u,
]

function isOneScript(text: string): boolean {
  const letters = text.replace(/\P{L}/gu, '')
  return SCRIPTS.some(script => script.test(letters))
}

function parsed(address: string): URL | null {
  try {
    return new URL(address)
  } catch {
    return null
  }
}

/** As it is written where it is one script, else in the form of the network (`xn--…`), which cannot be mistaken. */
function shownHost(address: string, host: string): string {
  const written = WRITTEN_HOST.exec(address)?.[1]?.normalize('NFC').toLowerCase()
  if (written === undefined || !isOneScript(written)) return host
  return parsed(`http://${written}`)?.host === host ? written : host
}

/** Null: no link; it stays text. */
export function webLink(address: string): WebLink | null {
  // The parser of addresses drops blanks and line ends inside a scheme; such an address is not one that people write.
  if (address.length > MAX_LENGTH || !/^https?:\/\//i.test(address)) return null
  const url = parsed(address)
  if (url === null || url.username !== '' || url.password !== '') return null
  return { href: url.href, host: shownHost(address, url.host) }
}
