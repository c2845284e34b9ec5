// The newest stream of each chat: by route, owner and chat id. A second question in a chat takes the place of the first one. As
// many entries as there are streams in the log's store, which forgets both.
export type RouteStream = { readonly streamId: string; readonly isUiMessage: boolean }

export type RouteStreams = {
  find(route: string, owner: string, name: string): RouteStream | null
  keep(route: string, owner: string, name: string, stream: RouteStream): void
  forget(streamId: string): void
}

export function routeStreams(): RouteStreams {
  const byName = new Map<string, RouteStream>()
  const nameOf = new Map<string, string>()
  const keyOf = (...parts: readonly string[]): string => JSON.stringify(parts)
  return {
    find: (route, owner, name) => byName.get(keyOf(route, owner, name)) ?? null,
    keep: (route, owner, name, stream) => {
      const key = keyOf(route, owner, name)
      byName.set(key, stream)
      nameOf.set(stream.streamId, key)
    },
    forget: streamId => {
      const key = nameOf.get(streamId)
      nameOf.delete(streamId)
      if (key !== undefined && byName.get(key)?.streamId === streamId) byName.delete(key)
    },
  }
}
