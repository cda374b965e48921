/**
 * The chat, in a frame of its own or in a part of a page.
 *
 * It takes over markup that is already there. Until it has, or if it cannot, the
 * person still has the link to leave and the numbers to call. What they write lives
 * in this object and in the page, and goes when either does.
 */

import { Line } from './line.mjs'
import {
  button,
  contacts,
  el,
  fill,
  isMasked,
  render,
  restored,
  retireChoices,
  spoken,
} from './parts.mjs'
import { takeaway } from './takeaway.mjs'

const MOST = 4000
const COUNT_FROM = 3500
const COUNTS_SAID = [500, 200, 100, 50, 20, 10, 5, 1]
const SLOW_MS = 3000
const IDLE_WARNING_MS = 120000
const SAID_MS = 10000
// Less room than this, in letters, and the messages alone would have too little of it.
const LEAST_HIGH = 26
const LEAST_WIDE = 17
// Ways to fail in which the service may not have heard it at all.
const UNHEARD = ['offline', 'lost', 'slow']

/**
 * @typedef {object} Options
 * @property {string} base - address of the service, without a slash at the end
 * @property {() => void} leave - takes the person to another page
 * @property {() => void} close - puts the chat away for now
 * @property {boolean} [keepsTab] - whether the token outlives a reload
 */

export class Chat {
  /**
   * @param {Element | null} $root - the element of class `fc`
   * @param {Options} options
   */
  constructor($root, options) {
    if (!($root instanceof HTMLElement)) throw new TypeError('Chat needs its root')
    this.$root = $root
    this.options = options
    this.words = JSON.parse($root.dataset.words)
    delete $root.dataset.words
    this.lang = $root.closest('[lang]')?.lang || document.documentElement.lang || 'en'
    for (const name of ['top', 'title', 'log', 'turns', 'start', 'form', 'text', 'count', 'send']) {
      this[`$${name}`] = required($root, `.js-${name}`)
    }
    for (const name of ['say', 'notice', 'now', 'help', 'delete', 'close', 'keys']) {
      this[`$${name}`] = required($root, `.js-${name}`)
    }
    this.line = new Line(options.base, options.keepsTab === true)
    this.said = []
    this.answer = ''
    // The person's own words, by the token that the service keeps in their place.
    this.own = new Map()
    this.waiting = []
    this.failed = []
    this.round = {}
    this.listen()
  }

  listen() {
    this.$form.addEventListener('submit', (event) => this.handleSubmit(event))
    this.$text.addEventListener('keydown', (event) => this.handleKey(event))
    this.$text.addEventListener('input', () => this.measure())
    this.$root.addEventListener('keydown', (event) => this.handleMove(event))
    // The numbers lie over the messages: they give way when the person moves on.
    this.$help.addEventListener('focusout', ({ relatedTarget: $next }) => {
      if ($next && !this.$help.contains($next)) this.$help.open = false
    })
    const room = new ResizeObserver(() => this.fit())
    // The button to send tells when letters grow and the window does not.
    for (const $thing of [this.$root, this.$send]) room.observe($thing)
    this.$close.addEventListener('click', () => this.options.close())
    this.$delete.addEventListener('click', () => this.askDelete())
    for (const $link of this.$root.querySelectorAll('.js-leave')) {
      $link.addEventListener('click', (event) => {
        event.preventDefault()
        this.options.leave()
      })
    }
    for (const $link of this.$root.querySelectorAll('.js-to-box')) {
      $link.addEventListener('click', (event) => {
        event.preventDefault()
        this.$text.focus()
      })
    }
    window.addEventListener('online', () => {
      this.requeue()
      this.pump()
    })
    // Leaving the page, by whatever way, ends the chat; coming back finds it empty.
    window.addEventListener('pagehide', () => this.forget(this.options.keepsTab))
    window.addEventListener('pageshow', (event) => {
      if (event.persisted && this.wasStarted) this.start(true)
    })
    this.$close.hidden = !this.options.close
    this.$form.hidden = false
  }

  /** Shows the chat to somebody who asked for it. */
  show(reloaded) {
    this.$title.focus()
    return this.start(reloaded)
  }

  /**
   * Opens the conversation the first time the chat is shown.
   *
   * @param {boolean} reloaded - whether the page around was loaded again
   */
  async start(reloaded = false) {
    if (this.line.isOpen || this.isOpening) return
    const { round } = this
    this.wasStarted = this.isOpening = true
    this.hideNotice()
    const $wait = this.showWaiting(this.words.opening)
    try {
      const before = await this.line.resume()
      const parts = before ?? (await this.line.open())
      if (round !== this.round) return this.line.hangUp()
      if (before) this.note(this.words.start_returned)
      else if (reloaded) this.note(this.words.start_reloaded)
      this.showReply(parts)
      this.sayIdle()
      this.readFromTheTop()
    } catch (failure) {
      if (round !== this.round) return
      this.tell(failure.told?.say || this.words.failed_opening, failure.told?.help, [
        [this.words.try_again, () => this.start(reloaded)],
      ])
    } finally {
      this.stopWaiting($wait)
      if (round === this.round) this.isOpening = false
    }
    this.restIdle()
    this.pump()
  }

  /** Has what comes before the first word read first, by eye and by ear. */
  readFromTheTop() {
    this.$log.scrollTop = this.$root.scrollTop = 0
    const $notes = [this.$start, ...this.$turns.querySelectorAll('.fc-turn--note')]
    const said = $notes.map(($note) => $note.innerText)
    this.announce([...said, this.answer].join(' '))
  }

  /**
   * Forgets everything on this side at once, and has the service delete the rest.
   *
   * @param {boolean} [keepsToken] - whether the conversation may be gone on with
   */
  forget(keepsToken = false) {
    if (keepsToken) this.line.token = ''
    else this.line.hangUp()
    this.wipe()
    this.$text.value = ''
    this.measure()
  }

  wipe() {
    clearTimeout(this.idleTimer)
    // What is still on its way belongs to the round before, and is not shown.
    this.round = {}
    this.isSending = this.isOpening = false
    this.said = []
    this.answer = ''
    this.own = new Map()
    this.hasSaidMasked = false
    this.waiting = []
    this.failed = []
    this.$turns.replaceChildren()
    this.$say.replaceChildren()
    this.$now.hidden = true
    this.hideNotice()
  }

  /** @param {Event} event */
  handleSubmit(event) {
    event.preventDefault()
    const words = this.$text.value.normalize('NFC').trim()
    if (!words) return this.$text.focus()
    if (this.measure() < 0) return this.announce(this.$count.textContent)
    this.$text.value = ''
    this.measure()
    this.add('text', words, words)
    this.$text.focus()
  }

  /** @param {KeyboardEvent} event */
  handleKey(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    // On a screen keyboard Enter starts a line; there is a button to send with.
    if (window.matchMedia('(pointer: coarse)').matches) return
    this.handleSubmit(event)
  }

  /** @param {KeyboardEvent} event */
  handleMove(event) {
    if (event.key !== 'F6') return
    event.preventDefault()
    const $last = this.$turns.lastElementChild ?? this.$log
    const inBox = this.$form.contains(event.composedPath()[0])
    if (inBox) $last.focus()
    else this.$text.focus()
  }

  choose(id, label, $pressed) {
    const hadFocus = $pressed.matches(':focus')
    retireChoices(this.$turns, this.words, $pressed)
    const message = this.add('choice', id, label)
    // The button is gone; what it said is the nearest thing to it.
    if (hadFocus) message.$turn.focus({ preventScroll: true })
  }

  /** Shows what was said at once, and puts it in line to be sent. */
  add(kind, value, shown) {
    retireChoices(this.$turns, this.words, null)
    const $words = el('div', 'fc-words', ...shown.split('\n').map((l) => el('p', '', l)))
    const $turn = el('li', 'fc-turn fc-turn--mine', this.speaker('you_said'), $words)
    $turn.tabIndex = -1
    this.$turns.append($turn)
    this.scrollTo($turn)
    const message = { id: uuid(), kind, value, $turn }
    this.requeue()
    this.waiting.push(message)
    this.pump()
    return message
  }

  /** Sends what is waiting, one after the other. */
  async pump() {
    if (this.isSending || !this.line.isOpen || !this.waiting.length) return
    const { round } = this
    this.isSending = true
    const message = this.waiting.shift()
    message.$turn.querySelector('.js-failed')?.remove()
    const $wait = this.showWaiting(this.words.working)
    const slow = setTimeout(() => this.saySlow($wait), SLOW_MS)
    try {
      const { parts, restore } = await this.line.say(message)
      if (round !== this.round) return
      for (const [token, words] of restore) {
        if (!this.own.has(token)) this.own.set(token, words)
      }
      this.showReply(parts)
    } catch (failure) {
      if (round === this.round) this.fail(message, failure)
    } finally {
      clearTimeout(slow)
      this.stopWaiting($wait)
    }
    if (round !== this.round) return
    this.isSending = false
    this.restIdle()
    this.pump()
  }

  /** Puts back in line, in order, what the service has perhaps never heard. */
  requeue() {
    const isUnheard = ({ failure }) => UNHEARD.includes(failure)
    this.waiting.unshift(...this.failed.filter(isUnheard))
    this.failed = this.failed.filter((message) => !isUnheard(message))
  }

  /** Says plainly that it was not answered, with the words kept. */
  fail(message, failure) {
    const { kind, told } = failure
    if (kind === 'ended') return this.sayEnded(message, told)
    if (told.messages?.length) this.showReply(told.messages)
    this.showFailed(message, failure)
    // What fails on the way fails for all that wait; what fails there, for itself.
    if (!UNHEARD.includes(kind)) return
    for (const other of this.waiting.splice(0)) this.showFailed(other, failure)
  }

  showFailed(message, { kind, told }) {
    const says = told.say || this.words[`failed_${kind}`] || this.words.failed_broken
    const $failed = el('div', 'fc-failed js-failed')
    $failed.append(el('p', '', el('strong', '', this.words.not_sent), ' ', says))
    if (kind === 'refused') {
      this.giveBack(message)
    } else {
      message.failure = kind
      this.failed.push(message)
      const again = () => this.sendAgain(message)
      $failed.append(button(this.words.try_again, 'fc-button--small', again))
    }
    if (told.help?.length) $failed.append(contacts(told.help, this.words))
    message.$turn.append($failed)
    this.announce(`${this.words.not_sent} ${says}`)
    this.scrollTo($failed)
  }

  sendAgain(message) {
    message.$turn.focus({ preventScroll: true })
    this.requeue()
    if (!this.waiting.includes(message)) this.waiting.unshift(message)
    this.failed = this.failed.filter((each) => each !== message)
    this.pump()
  }

  sayEnded(message, told) {
    const unsent = [...this.failed, message, ...this.waiting]
    this.waiting = []
    this.failed = []
    this.line.drop()
    for (const $failed of this.$turns.querySelectorAll('.js-failed')) $failed.remove()
    const isText = unsent.some(({ kind }) => kind === 'text')
    unsent.reverse().forEach((each) => this.giveBack(each))
    const kept = isText ? ` ${this.words.ended_text}` : ''
    this.tell(`${this.words.ended}${kept}`, told.help, [
      [this.words.start_again, () => this.startAgain()],
    ])
  }

  /** Puts words that will not be sent back where they can be changed. */
  giveBack({ kind, value }) {
    if (kind !== 'text') return
    this.$text.value = [value, this.$text.value].filter(Boolean).join('\n\n')
    this.measure()
  }

  async startAgain() {
    const kept = this.$text.value
    this.line.hangUp()
    this.wipe()
    this.$text.value = kept
    this.measure()
    await this.start()
    this.$text.focus()
  }

  askDelete() {
    this.tell(
      this.words.delete_ask,
      [],
      [
        [this.words.delete_yes, () => this.deleteAll()],
        [this.words.delete_no, () => this.hideNotice(this.$delete)],
      ],
    )
    this.$notice.querySelector('button').focus()
  }

  async deleteAll() {
    try {
      await this.line.end()
    } catch {
      return this.tell(
        this.words.delete_failed,
        [],
        [
          [this.words.try_again, () => this.deleteAll()],
          [this.words.delete_no, () => this.hideNotice(this.$delete)],
        ],
      )
    }
    this.forget()
    this.tell(this.words.deleted, [], [[this.words.start_again, () => this.startAgain()]])
    this.$notice.querySelector('button').focus()
  }

  /** @param {object[]} given - parts as the service keeps them */
  showReply(given) {
    const parts = restored(given, this.own)
    const tools = {
      words: this.words,
      lang: this.lang,
      choose: (id, label, $pressed) => this.choose(id, label, $pressed),
      takeaway: ($summary) => takeaway($summary, this),
    }
    const $parts = parts.map((part) => render(part, tools))
    const $turn = el('li', 'fc-turn fc-turn--theirs', this.speaker('answer'), ...$parts)
    $turn.tabIndex = -1
    this.$turns.append($turn)
    // More was said meanwhile: these choices will be old before they can be pressed.
    if (this.waiting.length) retireChoices($turn, this.words, null)
    if (!this.hasSaidMasked && isMasked(parts)) {
      this.hasSaidMasked = true
      this.note(this.words.masked)
    }
    // Once danger was heard, 999 stays in sight until the end.
    if (parts.some((part) => part.kind === 'danger')) this.$now.hidden = false
    this.scrollTo($turn)
    this.answer = parts.map((part) => spoken(part, this.words)).join(' ')
    this.announce(this.answer)
  }

  speaker(name) {
    return el('h2', 'fc-hidden', this.words[name])
  }

  note(words) {
    this.$turns.append(el('li', 'fc-turn fc-turn--note', el('p', '', words)))
  }

  showWaiting(words) {
    const $dots = el('span', 'fc-dots', el('i', ''), el('i', ''), el('i', ''))
    const $wait = el('li', 'fc-wait', $dots, el('span', 'js-words', words))
    // Seen, not heard: what is worth hearing is announced.
    $wait.setAttribute('aria-hidden', 'true')
    this.$turns.append($wait)
    this.scrollTo($wait)
    this.$log.setAttribute('aria-busy', 'true')
    return $wait
  }

  saySlow($wait) {
    $wait.querySelector('.js-words').textContent = this.words.still_working
    this.announce(this.words.still_working)
  }

  stopWaiting($wait) {
    $wait.remove()
    this.$log.setAttribute('aria-busy', 'false')
  }

  /**
   * Says something about the chat itself, beside the box.
   *
   * @param {string} words
   * @param {object[]} [help] - contacts to show with it
   * @param {[string, () => void][]} [actions]
   */
  tell(words, help = [], actions = []) {
    const $actions = actions.map(([label, act]) => button(label, 'fc-button--small', act))
    this.$notice.replaceChildren(el('p', '', words))
    if (help.length) this.$notice.append(contacts(help, this.words))
    if ($actions.length) this.$notice.append(el('div', 'fc-actions', ...$actions))
    this.$notice.hidden = false
    this.announce(words)
  }

  hideNotice($focus) {
    this.$notice.hidden = true
    this.$notice.replaceChildren()
    $focus?.focus()
  }

  /** Has a screen reader say this once, when it has finished what it is saying. */
  announce(words) {
    clearTimeout(this.announcing)
    this.$say.textContent = ''
    // Set a moment after it was emptied, or the same words twice would be silent.
    this.announcing = setTimeout(() => {
      this.$say.textContent = words
      // Emptied again later, so that nobody who reads on meets it a second time.
      this.announcing = setTimeout(() => (this.$say.textContent = ''), SAID_MS)
    }, 50)
  }

  /** Brings something into sight: its beginning, when it is longer than the space. */
  scrollTo($thing) {
    const own = this.$log.scrollHeight > this.$log.clientHeight + 1
    const $scroller = own ? this.$log : this.$root
    const { top, bottom } = $scroller.getBoundingClientRect()
    // The way out stays where it is, and must not lie over what is to be read.
    const from = own ? top : this.$top.getBoundingClientRect().bottom
    const box = $thing.getBoundingClientRect()
    const isTall = box.height > bottom - from - 24
    const by = isTall ? box.top - from - 8 : box.bottom - bottom + 16
    if (isTall || by > 0) $scroller.scrollTop += by
  }

  /** Lets everything move but the way out, when there is little room for the letters. */
  fit() {
    const { offsetWidth, offsetHeight } = this.$root
    const letter = parseFloat(getComputedStyle(this.$root).fontSize)
    const isTight = offsetHeight < LEAST_HIGH * letter || offsetWidth < LEAST_WIDE * letter
    this.$root.classList.toggle('tight', isTight)
  }

  /** Lets the box grow with what is written, and counts down near the end of it. */
  measure() {
    this.$text.style.blockSize = 'auto'
    this.$text.style.blockSize = `${this.$text.scrollHeight + 4}px`
    const used = [...this.$text.value.normalize('NFC').trim()].length
    const left = MOST - used
    const one = Math.abs(left) === 1 ? '_one' : ''
    const sentence = this.words[`${left < 0 ? 'over' : 'left'}${one}`]
    this.$count.hidden = used < COUNT_FROM
    this.$count.textContent = fill(sentence, { count: Math.abs(left) })
    this.$count.classList.toggle('fc-count--over', left < 0)
    const step = COUNTS_SAID.filter((each) => left <= each).pop()
    const mark = left < 0 ? 'over' : this.$count.hidden ? undefined : step
    if (mark !== undefined && mark !== this.countSaid) this.announce(this.$count.textContent)
    this.countSaid = mark
    return left
  }

  sayIdle() {
    const $idle = this.$start.querySelector('.js-idle')
    $idle.textContent = fill(this.words.start_idle, {
      minutes: Math.round(this.line.idleS / 60),
    })
    $idle.hidden = !this.line.idleS
  }

  /** Counts the time without a word from now, and warns before it runs out. */
  restIdle() {
    clearTimeout(this.idleTimer)
    if (!this.line.isOpen || !this.line.idleS) return
    const ms = Math.max(this.line.idleS * 1000 - IDLE_WARNING_MS, 0)
    this.idleTimer = setTimeout(() => this.warnIdle(), ms)
  }

  warnIdle() {
    this.tell(this.words.idle_soon, [], [[this.words.idle_keep, () => this.keepOpen()]])
    this.idleTimer = setTimeout(() => {
      this.forget()
      this.tell(this.words.ended_idle, [], [[this.words.start_again, () => this.startAgain()]])
    }, IDLE_WARNING_MS)
  }

  async keepOpen() {
    try {
      await this.line.touch()
      this.hideNotice(this.$text)
      this.announce(this.words.idle_kept)
      this.restIdle()
    } catch (failure) {
      this.tell(failure.told?.say || this.words.failed_broken, failure.told?.help, [
        [this.words.try_again, () => this.keepOpen()],
      ])
    }
  }

  /** Shows how many presses are left, and says so. */
  tellKeys(key, more) {
    const { words } = this
    const says =
      key === 'Escape'
        ? words.leave_escape
        : [words.leave_one_more, words.leave_two_more][more - 1]
    this.$keys.hidden = more === 0
    this.$keys.textContent = more === 0 ? '' : says
    this.announce(more === 0 ? words.leave_not : says)
  }
}

function required($root, selector) {
  const $found = $root.querySelector(selector)
  if ($found === null) throw new TypeError(`Chat needs ${selector}`)
  return $found
}

function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6] & 0x0f) | 0x40
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
