// G6 Stream as a library: what other programs may build on. Everything else in this package may change without notice.
export { Program, ProgramError, type ProgramOptions } from './app/program.js'
export { VERSION } from './app/version.js'
export {
  type Board,
  type BoardPanel,
  changedSince,
  emptyBoard,
  nextBoard,
  SCHEMA_VERSION,
} from './board/board.js'
export { applyLinesDiff, diffLines, type LinesDiff } from './board/diff.js'
export { type Hashed, panelHash } from './board/hash.js'
export { type LoadInput, type LoadResult, loadConfig } from './config/load.js'
export type { Config } from './config/settings.js'
export { ConfigError, loadSummaryEnv, SummaryEnv } from './config/summary-env.js'
export type { Transport, Wire } from './connection/transport.js'
export type { CycleResult, LoopStats, Output, SourceState } from './engine/cycle.js'
export type { Source } from './engine/source.js'
export { Hub, type HubOptions } from './hub/hub.js'
export type { HubSettings, JoinRequest } from './hub/hub-types.js'
export { createBoard, type LiveBoard } from './library/board.js'
export { createHub, type LiveHub } from './library/hub.js'
export type { HubRequest, LiveHubOptions } from './library/options.js'
export { type Content, fields, table, text, type Value } from './panels/content.js'
export type { Block, Panel, Tone } from './panels/panel.js'
export { SUMMARY_EVENTS, type SummaryEventName } from './protocol/events.js'
export { derive } from './snapshot/derive.js'
export type { Reading, Status } from './snapshot/reading.js'
export type { Snapshot } from './snapshot/snapshot.js'
export { createFileSource, type FileSourceOptions } from './sources/file.js'
