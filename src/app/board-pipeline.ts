// The pipeline of a followed board: another server built it, and it is shown and served as it came.
import { type BoardSource, FollowedBoards } from '../engine/followed-boards.js'
import { staleAfter } from '../panels/thresholds.js'
import type { Pipeline, PipelineParts } from './parts.js'

type Parts = Pick<PipelineParts, 'settings' | 'surroundings' | 'panels' | 'log'>

export function createBoardPipeline(source: BoardSource, parts: Parts): Pipeline {
  const { settings, surroundings, panels, log } = parts
  if (panels.length > 0)
    log.warn('--panels has no effect: the board of another server is shown with the panels it has')
  return {
    boards: new FollowedBoards({
      source,
      refreshMs: () => settings().summaryRefreshSec * 1000,
      limits: () => staleAfter(surroundings().thresholds, null),
      timezone: () => settings().timezone,
    }),
    epoch: '',
    prepare: () => Promise.resolve(),
    // Before the first board nobody knows which panels there will be.
    panelKeys: () => new Set(source.news.board?.panels.map(({ key }) => key)),
    looks: () => source.looks,
    members: () => source.members,
    needFull: () => null,
    createStatusHub: () => null,
  }
}
