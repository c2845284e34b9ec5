// Errors that upstreams send within their stream, in every known shape. Pure: pass-through and the dialects both ask here.
import type { JsonObject } from '../events.js'

/** `error`, `response.failed`, `overloaded_error`, `ThrottlingException`; a tool's failure is no failure of the answer. */
const FAILS = /(^|[._-])(error|errored|failed|failure)$|(error|exception)$/i
const OF_TOOL = /tool|call|mcp|function/i
/** Members of errors only. */
const ERROR_MEMBER = /^errors?$|^fault$|error_?(code|msg|message|type)$|exception$/i

export function isFailureName(name: string): boolean {
  return FAILS.test(name) && !OF_TOOL.test(name)
}

/** Whether a frame says that the answer has failed; `event` is the name of its event. On the path of every frame. */
export function isFailure(frame: JsonObject, event: string): boolean {
  const { error, type, object } = frame
  if (isSaid(error) || object === 'error' || isSaid(frame.errors)) return true
  if (event !== 'message' && isFailureName(event)) return true
  return typeof type === 'string' && isFailureName(type)
}

/** As `isFailure`, for a frame that no dialect knows: there is nothing else in it that these members could belong to. */
export function isUnknownFailure(frame: JsonObject): boolean {
  const { detail, message, msg, code, status, statusCode, success, ok } = frame
  // FastAPI.
  if (typeof detail === 'string' || Array.isArray(detail)) return true
  if (success === false || ok === false) return true
  const hasMessage = typeof message === 'string' || typeof msg === 'string'
  if (hasMessage && (isSaid(code) || isErrorStatus(status) || isErrorStatus(statusCode))) return true
  if (typeof status === 'string' && /^(error|failed|failure)$/i.test(status)) return true
  return Object.entries(frame).some(([name, value]) => ERROR_MEMBER.test(name) && isSaid(value))
}

function isErrorStatus(status: unknown): boolean {
  return typeof status === 'number' && status >= 400
}

function isSaid(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  return value !== undefined && value !== null && value !== false && value !== '' && value !== 0
}

/** A word of a frame that may be logged: it names a kind. */
function kindWord(value: unknown): string | null {
  return typeof value === 'string' && /^[A-Za-z][\w.:-]{0,39}$/.test(value) ? value : null
}

const MAX_NAMES = 6

/** What the log calls a frame that was not understood: the names of its type, event or members, never its text. */
export function frameKind(frame: JsonObject | null, event: string): string {
  const name = event === 'message' ? null : kindWord(event)
  if (frame === null) return name === null ? 'not a JSON object' : `${name}, not a JSON object`
  const given = name ?? kindWord(frame.type) ?? kindWord(frame.event) ?? kindWord(frame.object)
  if (given !== null) return given
  const members = Object.keys(frame)
    .map(kindWord)
    .filter(each => each !== null)
  return `{${members.slice(0, MAX_NAMES).join(', ')}}`
}
