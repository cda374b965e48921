/**
 * The line to the service: what is said goes out once, in order, and is answered or
 * plainly not. The token lives here, in memory, and in no other place.
 */

const DEADLINE_MS = 20000
const TAB_KEY = 'fc'
// Over in a moment by themselves; whatever else failed is said at once.
const PASSING = ['stopping', 'not_ready']

/** A message that was not answered, and why. */
export class Failure extends Error {
  /**
   * @param {'offline' | 'lost' | 'slow' | 'busy' | 'ended' | 'refused' | 'broken'} kind
   * @param {{ code?: string, say?: string, help?: object[], messages?: object[], waitMs?: number }} told
   */
  constructor(kind, told = {}) {
    super(kind)
    this.kind = kind
    this.told = told
  }
}

/**
 * The first call, of a chat that somebody is already waiting for: it goes out while the
 * rest of the script is on its way.
 */
const begun = isAwaited() ? begin() : null

export class Line {
  /**
   * @param {string} base - address of the service, without a slash at the end
   * @param {boolean} keepsTab - whether the token outlives a reload of this tab
   */
  constructor(base, keepsTab) {
    this.base = base
    this.keepsTab = keepsTab
    this.begun = begun
    this.token = ''
    this.answered = 0
    this.calls = new Set()
  }

  get isOpen() {
    return this.token !== ''
  }

  /** Opens a conversation and returns its first parts. */
  async open() {
    const body = this.keepsTab ? { keep: 'tab' } : {}
    const { begun } = this
    this.begun = null
    const answer = await this.call('POST', '/chat/session', body, DEADLINE_MS, begun)
    if (typeof answer.token !== 'string') throw new Failure('broken')
    this.token = answer.token
    this.idleS = Number(answer.idle_s) || 0
    this.answered = 0
    if (this.keepsTab) keep(this.token)
    return parts(answer)
  }

  /** Goes on with the conversation of this tab, if there is one to go on with. */
  async resume() {
    this.token = (this.keepsTab && kept()) || ''
    if (!this.isOpen) return null
    try {
      return await this.touch(0)
    } catch (failure) {
      if (failure.kind !== 'ended') throw failure
      this.drop()
      return null
    }
  }

  /** Returns what was answered since, which also keeps the conversation alive. */
  async touch(after = this.answered) {
    const answer = await this.call('GET', `/chat/messages?after=${after}`)
    if (Number.isInteger(answer.n)) this.answered = Math.max(this.answered, answer.n)
    return Array.isArray(answer.messages) ? answer.messages.filter(isPart) : []
  }

  /**
   * Says one thing and returns the parts of the answer, and which of the person's words
   * stand behind the tokens in it. Said again with the same id, it is not heard twice.
   *
   * @param {{ id: string, kind: 'text' | 'choice', value: string }} message
   */
  async say({ id, kind, value }) {
    const until = Date.now() + DEADLINE_MS
    let recounted = false
    for (;;) {
      const n = this.answered + 1
      try {
        const body = { id, n, kind, [kind]: value }
        const answer = await this.call('POST', '/chat/messages', body, until - Date.now())
        const found = parts(answer)
        this.answered = n
        return { parts: found, restore: ownWords(answer.restore) }
      } catch (failure) {
        const { code, waitMs } = failure.told
        if ((code === 'order' || code === 'gap') && !recounted) {
          recounted = true
          await this.touch()
        } else {
          // A person who types fast should not be told so; the line waits for them.
          if (!waitMs || Date.now() + waitMs > until) throw failure
          await new Promise((resolve) => setTimeout(resolve, waitMs))
          if (!this.isOpen) throw new Failure('ended')
        }
      }
    }
  }

  /** Ends the conversation, and says whether the service has deleted it. */
  async end() {
    if (!this.isOpen) return true
    try {
      await this.call('POST', '/chat/end', {})
    } catch (failure) {
      if (failure.kind !== 'ended') throw failure
    }
    this.drop()
    return true
  }

  /** Ends it without waiting, as when the page goes away. */
  hangUp() {
    if (!this.isOpen) return
    const request = requestOf('POST', {}, this.token)
    this.drop()
    fetch(`${this.base}/chat/end`, { ...request, keepalive: true }).catch(() => {})
  }

  /** Lets go of the token, and of whatever is still on its way. */
  drop() {
    for (const call of this.calls) call.abort()
    this.token = ''
    this.answered = 0
    if (this.keepsTab) keep('')
  }

  async call(method, path, body, ms = DEADLINE_MS, begun = null) {
    const stop = begun?.stop ?? new AbortController()
    this.calls.add(stop)
    const timer = setTimeout(() => stop.abort(), ms)
    let response, answer
    try {
      const request = { ...requestOf(method, body, this.token), signal: stop.signal }
      response = await (begun?.response ?? fetch(this.base + path, request))
      answer = response.status === 204 ? {} : await response.json()
    } catch (error) {
      if (stop.signal.aborted) throw new Failure('slow')
      if (error instanceof SyntaxError) throw new Failure('broken')
      throw new Failure(navigator.onLine ? 'lost' : 'offline')
    } finally {
      clearTimeout(timer)
      this.calls.delete(stop)
    }
    if (response.ok && isObject(answer)) return answer
    throw failureFrom(response, isObject(answer) ? answer : {})
  }
}

/** Whether this is the chat's own page, opened by or for somebody and not in reserve. */
function isAwaited() {
  const { href, hash } = window.location
  if (href.split(/[?#]/)[0] !== new URL('frame', import.meta.url).href) return false
  return hash === (window.parent === window ? '' : '#now')
}

function begin() {
  const stop = new AbortController()
  const request = { ...requestOf('POST', {}, ''), signal: stop.signal }
  const response = fetch(new URL('chat/session', import.meta.url), request)
  // Whoever takes it up says what failed.
  response.catch(() => {})
  return { stop, response }
}

function requestOf(method, body, token) {
  const headers = {}
  if (body) headers['Content-Type'] = 'application/json'
  if (token) headers.Authorization = `Bearer ${token}`
  return {
    method,
    headers,
    body: body && JSON.stringify(body),
    cache: 'no-store',
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
  }
}

function failureFrom(response, answer) {
  const told = {
    code: answer.error,
    say: typeof answer.say === 'string' ? answer.say : '',
    help: Array.isArray(answer.help) ? answer.help.filter(isObject) : [],
    messages: Array.isArray(answer.messages) ? answer.messages.filter(isPart) : [],
  }
  const { status } = response
  if (status === 401) return new Failure('ended', told)
  if (status === 429 || status === 503) {
    const seconds = Number(response.headers.get('Retry-After'))
    const passes = status === 429 || PASSING.includes(told.code)
    if (seconds > 0 && passes) told.waitMs = seconds * 1000
    return new Failure('busy', told)
  }
  return new Failure(told.say && status < 500 ? 'refused' : 'broken', told)
}

/** @returns {object[]} the parts of an answer; an answer without one is a failure */
function parts(answer) {
  const found = Array.isArray(answer.messages) ? answer.messages.filter(isPart) : []
  if (found.length === 0) throw new Failure('broken')
  return found
}

/** @returns {[string, string][]} tokens, each with the words behind it */
function ownWords(restore) {
  if (!isObject(restore)) return []
  return Object.entries(restore).filter(([, words]) => typeof words === 'string')
}

function isPart(value) {
  return isObject(value) && typeof value.kind === 'string'
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// The token alone, never a word, and only when a force has chosen this mode.
function keep(token) {
  try {
    if (token) sessionStorage.setItem(TAB_KEY, token)
    else sessionStorage.removeItem(TAB_KEY)
  } catch {
    // A browser without storage loses the chat on reload, which is the usual mode.
  }
}

function kept() {
  try {
    return sessionStorage.getItem(TAB_KEY)
  } catch {
    return null
  }
}
