// What the mock upstream says, apart from how a wire writes it. Pure.

export type ToolCall = {
  readonly id: string
  readonly name: string
  /** JSON text. */
  readonly arguments: string
}

export type AnswerError = {
  readonly message: string
  readonly type: string
  readonly code: string | null
}

/** One answer, before it is written in a wire. */
export type Answer = {
  /** Random and without a prefix; each wire adds its own. */
  readonly id: string
  readonly model: string
  readonly createdSec: number
  readonly reasoning: readonly string[]
  readonly tokens: readonly string[]
  /** Instead of the tokens. */
  readonly refusal: readonly string[] | null
  readonly toolCalls: readonly ToolCall[]
  readonly reason: 'stop' | 'length' | 'filter'
  /** How many answers are asked for at once (`n`). */
  readonly choices: number
  readonly usage: 'none' | 'last' | 'every'
  readonly error: AnswerError
}

export type Frame = {
  readonly text: string
  /** A step takes time: the gap of the script lies between two of them. */
  readonly isStep: boolean
  /** Writes another text in its place; only for a token. */
  readonly with?: (token: string) => string
}

export type Frames = {
  /** Up to the last step. */
  readonly body: readonly Frame[]
  /** How the answer ends properly. */
  readonly closing: readonly string[]
  /** How it ends with an error in band. */
  readonly error: string
}

export type Wire = {
  frames(answer: Answer): Frames
  /** The answer without streaming, as JSON. */
  whole(answer: Answer): unknown
  /** The body of a refusal. */
  refusal(status: number, error: AnswerError): unknown
}

export const INPUT_TOKENS = 12

export function outputTokens({ reasoning, tokens, refusal }: Answer): number {
  return reasoning.length + (refusal ?? tokens).length
}

/** One event: `data` is JSON, or the text itself. */
export function event(data: unknown, name?: string): string {
  const line = `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
  return name === undefined ? line : `event: ${name}\n${line}`
}

export const still = (text: string): Frame => ({ text, isStep: false })
export const steps = (texts: readonly string[], write: (text: string) => string): readonly Frame[] =>
  texts.map(text => ({ text: write(text), isStep: true, with: write }))

const ARGUMENT_PIECE = /[\s\S]{1,8}/g

/** Arguments come in pieces that are no JSON by themselves. */
export function argumentPieces(call: ToolCall): readonly string[] {
  return call.arguments.match(ARGUMENT_PIECE) ?? []
}

/** The same in every wire of OpenAI's kind. */
export function openAiRefusal(_status: number, { message, type, code }: AnswerError): unknown {
  return { error: { message, type, param: null, code } }
}
