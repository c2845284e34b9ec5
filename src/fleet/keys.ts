// The names of a fleet's keys and channels. The fleet's name is their hash tag, so that all are in one slot of a cluster. PUB/SUB
// ignores the number of the database, so channels have it in their names.
export type FleetKeys = {
  readonly lease: string
  readonly term: string
  readonly life: string
  readonly mark: string
  readonly nodes: string
  readonly candidates: string
  readonly info: string
  /** The newest board: a hash, and a sorted set of its panels by the generation of their last change. */
  readonly board: string
  readonly since: string
  /** The same of the board of the servers. */
  readonly servers: { readonly board: string; readonly since: string }
  /** The document that was last pushed to a source of this name. */
  readonly push: (name: string) => string
  readonly channels: {
    /** The name of a source that was pushed to. */
    readonly push: string
    readonly board: string
    readonly servers: string
    /** What any server asks of the publisher. */
    readonly requests: string
    /** The lease is free, or was handed on: its new text. */
    readonly vacant: string
    /** What each beat of this node publishes comes back here. */
    readonly probe: string
  }
}

export function fleetKeys(fleet: string, db: number, node: string): FleetKeys {
  const key = (name: string): string => `g6:{${fleet}}:${name}`
  const channel = (name: string): string => `g6:${db}:{${fleet}}:${name}`
  return {
    lease: key('lease'),
    term: key('term'),
    life: key('life'),
    mark: key('mark'),
    nodes: key('nodes'),
    candidates: key('cands'),
    info: key('info'),
    board: key('b:main'),
    since: key('b:main:s'),
    servers: { board: key('b:fleet'), since: key('b:fleet:s') },
    push: name => key(`push:${name}`),
    channels: {
      push: channel('push'),
      board: channel('b:main'),
      servers: channel('b:fleet'),
      requests: channel('requests'),
      vacant: channel('vacant'),
      probe: channel(`probe:${node}`),
    },
  }
}

/** The same, with the board of the servers in place of the main one. */
export function serversKeys(keys: FleetKeys): FleetKeys {
  const { servers, channels } = keys
  return { ...keys, ...servers, channels: { ...channels, board: channels.servers } }
}
