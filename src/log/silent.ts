// The part of a logger that sources and hubs write to, and one that writes nothing. Programs that use these parts as a library
// load no logger.
import type { Log } from './log.js'

export type LineLog = Pick<Log, 'debug' | 'info' | 'warn' | 'error'>

const nothing = (): void => {}

export const SILENT: LineLog = { debug: nothing, info: nothing, warn: nothing, error: nothing }
