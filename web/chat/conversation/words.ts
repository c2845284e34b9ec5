// What the last line of a card says, and what can be done there. One table; nothing but a complete answer is called "Complete".
import { ENDED, type End, type Turn } from './turn.js'

export type Tone = 'ok' | 'info' | 'warn' | 'error' | 'none'
export type Action = 'Copy' | 'Retry' | 'Edit question' | 'Ask to go on' | 'Ask again'

export type EndWords = {
  readonly tone: Tone
  /** Set in bold; may be empty. */
  readonly strong: string
  readonly text: string
  /** Shown on wide pages only. */
  readonly more: string
  readonly actions: readonly Action[]
}

const NOT_WHOLE = 'What you see is not whole.'

export function secondsText(ms: number): string {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  const sec = Math.round(ms / 1000)
  return sec < 60 ? `${sec} s` : `${Math.floor(sec / 60)} min ${sec % 60} s`
}

/** `312 tokens read, 188 written`; null: not known. */
export function usageText({ usage }: Turn): string | null {
  if (usage === null) return null
  const { read, written, isEstimated } = usage
  const about = isEstimated ? 'about ' : ''
  const count = (n: number): string => n.toLocaleString('en-US')
  if (read === null) return written === null ? null : `${about}${count(written)} tokens written`
  return `${about}${count(read)} tokens read${written === null ? '' : `, ${about}${count(written)} written`}`
}

/** `4.2 s`, `312 tokens read, 188 written`, `gpt-4o-mini`: what is known. */
export function completeFacts(turn: Turn): readonly string[] {
  const time = turn.durationMs === null ? null : secondsText(turn.durationMs)
  return [time, usageText(turn), turn.model].filter(text => text !== null)
}

function endText(end: End, turn: Turn, hasText: boolean): Omit<EndWords, 'actions'> {
  const warn = (strong: string, text: string) => ({ tone: 'warn', strong, text, more: '' }) as const
  switch (end.kind) {
    case 'complete':
      return { tone: 'ok', strong: '', text: ['Complete', ...completeFacts(turn)].join(' · '), more: '' }
    case 'length':
      return warn('Cut short.', 'The answer reached its greatest length.')
    case 'filter':
      return warn('Withheld', `by the answering service’s content filter.${hasText ? ` ${NOT_WHOLE}` : ''}`)
    case 'refusal':
      return warn('Declined', 'by the model.')
    case 'nothing':
      return warn('No answer.', 'The answering service ended without a word.')
    case 'early':
      return warn('Ended early', `(${end.detail}). What you see may not be whole.`)
    case 'failed':
      return {
        tone: 'error',
        strong: 'Failed.',
        text: `${end.detail}${hasText ? ` ${NOT_WHOLE}` : ''}`,
        more: '',
      }
    case 'stopped': {
      const after = turn.durationMs === null ? '' : ` after ${secondsText(turn.durationMs)}`
      return { tone: 'none', strong: '', text: 'Stopped by you', more: after }
    }
    case 'ended':
      return warn('Ended.', ENDED[end.detail] ?? end.detail)
    case 'interrupted':
      return warn('Interrupted.', 'The rest is no longer kept.')
    case 'off':
      return warn('Not switched on', 'for you.')
    case 'busy':
      return warn('Busy.', end.detail === '' ? 'Ask again later.' : `Ask again in ${end.detail} s.`)
  }
}

const ACTIONS: Readonly<Record<End['kind'], readonly Action[]>> = {
  complete: ['Copy'],
  length: ['Copy', 'Ask to go on'],
  filter: ['Edit question'],
  refusal: ['Edit question'],
  nothing: ['Retry'],
  early: ['Copy', 'Retry'],
  failed: ['Copy', 'Retry'],
  stopped: ['Copy', 'Ask again'],
  ended: ['Copy', 'Retry'],
  interrupted: ['Copy', 'Retry'],
  off: [],
  busy: ['Retry'],
}

export function endWords(end: End, turn: Turn): EndWords {
  const hasText = turn.answer !== ''
  // There is nothing to copy without text.
  const actions = ACTIONS[end.kind].filter(action => action !== 'Copy' || hasText)
  return { ...endText(end, turn, hasText), actions }
}

/** For the status line of screen readers: once, as it ends. */
export function spokenEnd(end: End, turn: Turn): string {
  if (end.kind === 'complete') return 'Complete'
  const { strong, text, more } = endWords(end, turn)
  return `${strong} ${text}${more}`.trim()
}

/** The text of an answer that is not whole ends in "…". */
export function isTorn(end: End): boolean {
  return end.kind !== 'complete' && end.kind !== 'refusal'
}

export function questionsText(count: number, kept: number | null): string {
  const questions = `${count} ${count === 1 ? 'question' : 'questions'}`
  if (kept === null) return `${questions}, not kept: this browser allows no storage`
  if (kept < count) return `${questions}, the newest ${kept} kept in this tab only`
  return `${questions}, kept in this tab only`
}
