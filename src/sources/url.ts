// URLs of sources. They may carry secrets, so people see scheme and host alone.

/** What is wrong with the URL of a source; null: nothing. Never repeats a secret. */
export function urlFault(text: string, instead: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol))
    return `"${withoutSecrets(text)}" is not a URL; allowed: http://… or https://…`
  if (url.username !== '' || url.password !== '')
    return `the URL of ${url.host} has a user name or password, which would end up in logs; ${instead}`
  return null
}

/** Up to the first character after which a secret may stand. */
function withoutSecrets(text: string): string {
  const at = text.search(/[?#]|@/)
  return at === -1 ? text : `${text.slice(0, text[at] === '@' ? 0 : at)}…`
}

/** `https://es:9200` */
export function hostOf(url: string): string {
  return new URL(url).origin
}
