// PUT and POST /push/NAME: others send the document of a source. Each target has a token of its own; the server's tokens are for
// readers and do not push. Everything is checked before the body is read.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { type Clock, systemClock } from '../../clock/clock.js'
import { HttpError } from '../../contract/errors.js'
import type { HttpPlugin, HttpShell, RouteRules } from '../../contract/plugin.js'
import type { PushFault, PushTarget } from '../../engine/push-target.js'
import { SlidingWindow } from '../../guards/sliding-window.js'
import { presentedTokens, tokenSet } from '../../guards/token.js'
import { GuardRefusal } from '../access.js'
import type { HttpConfig } from '../http-config.js'

type PushConfig = Pick<HttpConfig, 'pushRate' | 'statusMaxBytes'>

// The guards let another Bearer token pass: the route checks it.
const RULES: RouteRules = { surface: 'other', access: 'data', verifyCaller: () => Promise.resolve(null) }
const TYPES = /^application\/([a-z0-9.-]+\+)?json\s*(;|$)/i
const params = z.object({ name: z.string().describe('The name after push: of the source.') })

type Push = { Params: z.infer<typeof params> }

export function pushPlugin(
  targets: readonly PushTarget[],
  config: () => PushConfig,
  clock: Pick<Clock, 'monotonicMs'> = systemClock,
): HttpPlugin {
  return {
    name: 'push',
    // Its bodies stay bytes; those of other routes are parsed.
    register: async (app, shell) => {
      await app.register(scope => {
        new PushRoutes(targets, config, clock, shell).add(scope)
        return Promise.resolve()
      })
    },
  }
}

class PushRoutes {
  readonly #targets: ReadonlyMap<string, PushTarget>
  readonly #pushes = new SlidingWindow()

  constructor(
    targets: readonly PushTarget[],
    private readonly config: () => PushConfig,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly shell: HttpShell,
  ) {
    this.#targets = new Map(targets.map(target => [target.name, target]))
  }

  add(scope: FastifyInstance): void {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body))
    this.#addRoute(scope, 'PUT', 'Replace the document of a source', (target, body) => target.replace(body))
    this.#addRoute(scope, 'POST', 'Change it by a JSON merge patch (RFC 7396)', (target, body) =>
      target.merge(body),
    )
  }

  #addRoute(
    scope: FastifyInstance,
    method: 'PUT' | 'POST',
    summary: string,
    push: (target: PushTarget, body: Uint8Array) => Promise<PushFault | null>,
  ): void {
    scope.route<Push>({
      method,
      url: '/push/:name',
      bodyLimit: this.config().statusMaxBytes,
      config: { rules: RULES },
      validatorCompiler: () => value => ({ value }),
      schema: {
        summary,
        description:
          'With the token of this source as Authorization: Bearer. The body is JSON of at most G6_STATUS_MAX_BYTES.',
        tags: ['push'],
        params,
        body: z.looseObject({}).describe(method === 'PUT' ? 'The document.' : 'The patch.'),
        response: { 204: { description: 'It is taken', type: 'null' } },
      },
      onRequest: request => this.#admit(request),
      handler: async (request, reply) => this.#answer(await push(...this.#pushOf(request)), reply),
    })
  }

  #targetOf(name: string): PushTarget {
    const target = this.#targets.get(name)
    if (target === undefined) throw new HttpError('push_unknown')
    return target
  }

  #pushOf({ params: { name }, body }: FastifyRequest<Push>): [PushTarget, Uint8Array] {
    // Without a body nothing is parsed.
    return [this.#targetOf(name), Buffer.isBuffer(body) ? new Uint8Array(body) : new Uint8Array()]
  }

  /** Throws the refusal. */
  async #admit(request: FastifyRequest<Push>): Promise<void> {
    const target = this.#targetOf(request.params.name)
    await this.#checkToken(request, target)
    const { 'content-type': type, 'content-encoding': coding = 'identity' } = request.headers
    if ((type !== undefined && !TYPES.test(type)) || coding !== 'identity')
      throw new HttpError(
        'unsupported_media_type',
        'Send JSON as it is: Content-Type: application/json, without Content-Encoding.',
      )
    const { count, windowSec } = this.config().pushRate
    if (count === 0) return
    const limit = { count, windowMs: windowSec * 1000 }
    const waitMs = this.#pushes.take(target.name, limit, this.clock.monotonicMs())
    if (waitMs > 0) throw new GuardRefusal('rate', 'push_rate', retryAfter(waitMs))
  }

  async #checkToken(request: FastifyRequest<Push>, target: PushTarget): Promise<void> {
    const { bearer } = presentedTokens(request.headers)
    if (bearer === null)
      throw new GuardRefusal('auth', 'token_missing', { 'WWW-Authenticate': 'Bearer realm="g6-push"' })
    const token = await target.token()
    const isReaders = request.facts.owner !== null
    if (!isReaders && token !== null && tokenSet(token, null).ownerOf(bearer) !== null) return
    const waitMs = this.shell.countWrong(request)
    if (waitMs > 0) throw new GuardRefusal('auth', 'too_many_wrong_tokens', retryAfter(waitMs))
    const challenge = 'Bearer realm="g6-push", error="invalid_token"'
    throw new GuardRefusal('auth', 'token_wrong', { 'WWW-Authenticate': challenge })
  }

  #answer(fault: PushFault | null, reply: FastifyReply): FastifyReply {
    if (fault === null) return reply.code(204).send()
    switch (fault.kind) {
      case 'busy':
        throw new HttpError('push_rate', undefined, { 'Retry-After': '1' })
      case 'unshared':
        throw new HttpError('push_unshared', undefined, { 'Retry-After': '5' })
      case 'too_large':
        throw new HttpError('body_too_large', sentence(fault.message))
      case 'unusable':
        throw new HttpError('invalid_document', sentence(`the body cannot be read: ${fault.message}`))
    }
  }
}

function retryAfter(waitMs: number): Readonly<Record<string, string>> {
  return { 'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1000))) }
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
