// The source the settings name.
import type { Config } from '../config/settings.js'
import type { Source } from '../engine/source.js'
import type { Log } from '../log/log.js'
import { createFileSource } from '../sources/file.js'

export function sourceOf(config: Pick<Config, 'summaryStatusFile' | 'statusMaxBytes'>, log: Log): Source {
  return createFileSource({ path: config.summaryStatusFile, maxBytes: config.statusMaxBytes, log })
}
