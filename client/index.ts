// g6-stream/client: the published API, for browser and Node. See docs/clients.md.

export type { Connection, ConnectionCounts, ConnectionState, ConnectOptions } from './connect.js'
export { addresses, connect } from './connect.js'
export type { EventStream, EventStreamOptions, SseMessage, StreamErrorCode } from './event-stream.js'
export { createEventStream, StreamError } from './event-stream.js'
export type {
  BoardReader,
  Change,
  ClientBoard,
  ClientHistory,
  ClientPanel,
  ClientPlace,
  ClientVerdict,
  Outcome,
} from './reader.js'
export { createBoardReader } from './reader.js'
export { sha256Hex } from './sha256.js'
