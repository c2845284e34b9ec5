// The running stream of each chat: by route, owner and chat id. A second question in a chat takes the place of the first one. As
// many entries as there are streams in the log's store, which forgets both.
export type RouteStreams = {
  find(route: string, owner: string, name: string): string | null
  keep(route: string, owner: string, name: string, streamId: string): void
  forget(streamId: string): void
}

export function routeStreams(): RouteStreams {
  const byName = new Map<string, string>()
  const nameOf = new Map<string, string>()
  const keyOf = (...parts: readonly string[]): string => JSON.stringify(parts)
  return {
    find: (route, owner, name) => byName.get(keyOf(route, owner, name)) ?? null,
    keep: (route, owner, name, streamId) => {
      const key = keyOf(route, owner, name)
      byName.set(key, streamId)
      nameOf.set(streamId, key)
    },
    forget: streamId => {
      const key = nameOf.get(streamId)
      nameOf.delete(streamId)
      if (key !== undefined && byName.get(key) === streamId) byName.delete(key)
    },
  }
}
