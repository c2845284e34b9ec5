// Which methods a path has, for 405 and for preflights. The router only knows whether one method has a route, so we keep the
// templates of all routes, a few dozen, here too.

type Template = { readonly url: string; readonly segments: readonly string[]; readonly methods: Set<string> }

const ORDER = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

function fits(template: readonly string[], path: readonly string[]): boolean {
  const wild = template.at(-1) === '*'
  if (wild ? path.length < template.length : path.length !== template.length) return false
  return template.every((segment, i) => segment === '*' || segment.startsWith(':') || segment === path[i])
}

export class RouteMethods<Rules> {
  readonly #templates: (Template & { readonly rules: Rules })[] = []

  add(url: string, methods: readonly string[], rules: Rules): void {
    const known = this.#templates.find(template => template.url === url)
    if (known !== undefined) for (const method of methods) known.methods.add(method)
    else this.#templates.push({ url, segments: url.split('/'), methods: new Set(methods), rules })
  }

  get urls(): readonly string[] {
    return this.#templates.map(({ url }) => url)
  }

  /** Of the path of a request target; null when no route is there. */
  find(
    target: string,
  ): { readonly url: string; readonly methods: readonly string[]; readonly rules: Rules } | null {
    const [path = ''] = target.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1)
    const segments = path.split('/')
    const found = this.#templates.find(template => fits(template.segments, segments))
    if (found === undefined) return null
    const methods = [...found.methods, 'OPTIONS'].sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))
    return { url: found.url, methods: [...new Set(methods)], rules: found.rules }
  }
}
