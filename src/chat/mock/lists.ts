// GET /v1/models and POST /v1/embeddings of the mock upstream. Pure.

const MODELS = ['mock-1', 'mock-2'] as const
const DIMENSIONS = 4

/** In Anthropic's shape for a client of theirs. */
export function models(isAnthropic: boolean): unknown {
  if (!isAnthropic) {
    return { object: 'list', data: MODELS.map(id => ({ id, object: 'model', created: 0, owned_by: 'mock' })) }
  }
  const data = MODELS.map(id => ({
    type: 'model',
    id,
    display_name: id,
    created_at: '1970-01-01T00:00:00Z',
  }))
  return { data, has_more: false, first_id: MODELS[0], last_id: MODELS.at(-1) }
}

/** The vector of a text: its length and its first characters. */
function vectorOf(text: string): readonly number[] {
  return [text.length, ...Array.from({ length: DIMENSIONS - 1 }, (_, i) => (text.charCodeAt(i) || 0) / 256)]
}

function base64(vector: readonly number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString('base64')
}

export function embeddings(asked: Readonly<Record<string, unknown>>): unknown {
  const inputs = Array.isArray(asked.input) ? asked.input : [asked.input]
  const vectors = inputs.map(input => vectorOf(String(input)))
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: asked.encoding_format === 'base64' ? base64(vector) : vector,
    })),
    model: asked.model ?? 'mock-1',
    usage: { prompt_tokens: inputs.length, total_tokens: inputs.length },
  }
}
