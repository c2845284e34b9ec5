// Chooses the pipeline for a source: the only place that asks what kind of source it is.
import { createBoardPipeline } from './board-pipeline.js'
import type { Pipeline, PipelineParts, ProgramSource } from './parts.js'
import { createStatusPipeline } from './status-pipeline.js'

export function createPipeline(source: ProgramSource, parts: PipelineParts): Pipeline {
  return 'news' in source ? createBoardPipeline(source, parts) : createStatusPipeline(source, parts)
}
